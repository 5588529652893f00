// The callback part of a profile: places, the form's field and verifiers, and what is said of mistakes in them.

import { describe, expect, test } from 'vitest';
import { ProfileError, parseProfile } from '../../../src/cxone/profile/profile.ts';
import builtin from '../../../src/cxone/profiles/cxone.json' with { type: 'json' };

const withCallback = (callback: object) => ({ ...builtin, callback: { ...builtin.callback, ...callback } });

function problemsOf(callback: object): Record<string, string> {
  try {
    parseProfile(withCallback(callback));
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error;
    return Object.fromEntries(error.problems.map(({ pointer, detail }) => [pointer, detail]));
  }
  return {};
}

test('a profile that says nothing of forms and verifiers is right as it was', () => {
  expect(parseProfile(builtin).callback).toEqual({
    ...builtin.callback,
    formField: null,
    document: null,
    xml: false,
    verifiers: [],
  });
});

test('verifiers need no more than what is special about them', () => {
  const verifiers = [
    { type: 'header', name: 'X-Api-Key' },
    { type: 'basic' },
    { type: 'bearer' },
    { type: 'issued-token' },
    { type: 'hmac', header: 'X-Signature' },
  ];
  expect(parseProfile(withCallback({ verifiers })).callback.verifiers).toEqual([
    ...verifiers.slice(0, 3),
    { type: 'issued-token', lifetimeSeconds: 300 },
    {
      type: 'hmac',
      header: 'X-Signature',
      algorithm: 'sha256',
      encoding: 'hex',
      prefix: '',
      timestampHeader: null,
      toleranceSeconds: 300,
    },
  ]);
});

describe('mistakes', () => {
  test('are reported all at once, each with its place', () => {
    const verifiers = [
      { type: 'header', name: 'Authorization', value: 'hunter2' },
      { type: 'hmac', header: 'X-Signature', algorithm: 'md5', prefix: 'ü', secret: 'hunter2', toleranceSeconds: 0 },
      { type: 'magic' },
      { type: 'basic' },
      { type: 'basic' },
      { type: 'issued-token', lifetimeSeconds: 5 },
      {},
      'bearer',
    ];
    const problems = problemsOf({ status: [], result: ['/a', 'b'], formField: ' ', verifiers });
    expect(Object.keys(problems).toSorted()).toEqual([
      '/callback/formField',
      '/callback/result/1',
      '/callback/status',
      '/callback/verifiers/0/name',
      '/callback/verifiers/0/value',
      '/callback/verifiers/1/algorithm',
      '/callback/verifiers/1/prefix',
      '/callback/verifiers/1/secret',
      '/callback/verifiers/1/toleranceSeconds',
      '/callback/verifiers/2/type',
      '/callback/verifiers/4/type',
      '/callback/verifiers/5/lifetimeSeconds',
      '/callback/verifiers/6/type',
      '/callback/verifiers/7',
    ]);
    expect(problems['/callback/verifiers/1/algorithm']).toBe('must be one of "sha256", "sha512"');
    expect(problems['/callback/verifiers/2/type']).toContain('one of "header", "basic", "bearer", "issued-token"');
    expect(problems['/callback/verifiers/4/type']).toBe('"basic" is there already; one of each type is enough');
    expect(JSON.stringify(problems)).not.toContain('hunter2');
  });

  test.for([
    [{ status: null }, '/callback/status', 'a list of them'],
    [{ result: 7 }, '/callback/result', 'a list of them'],
    [{ result: '/constructor/name' }, '/callback/result', 'JSON Pointer'],
    [{ verifiers: { type: 'basic' } }, '/callback/verifiers', 'must be a list of verifiers'],
    [{ verifiers: [{ type: 'hmac' }] }, '/callback/verifiers/0/header', 'is missing'],
    [{ verifiers: [{ type: 'header', name: 'X Key' }] }, '/callback/verifiers/0/name', 'HTTP header of its own'],
    [{ verifiers: [{ type: 'header', name: 'X-Forwarded-For' }] }, '/callback/verifiers/0/name', 'of its own'],
  ] as const)('%j', ([callback, place, detail]) => {
    const problems = problemsOf(callback);
    expect(Object.keys(problems)).toEqual([place]);
    expect(problems[place]).toContain(detail);
  });
});
