// An upstream profile: valid forms, and all errors of one reported at once, each with its place.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadProfile, ProfileError, parseProfile } from '../../../src/cxone/profile/profile.ts';
import { PROGRESS_WORDS } from '../../../src/cxone/profile/status-words.ts';
import builtin from '../../../src/cxone/profiles/cxone.json' with { type: 'json' };
import { parseJson } from '../../../src/execution/json.ts';

const folder = mkdtempSync(join(tmpdir(), 'profile-'));
afterAll(() => rmSync(folder, { recursive: true }));

function problemsOf(profile: unknown): Record<string, string> {
  try {
    parseProfile(profile);
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error;
    return Object.fromEntries(error.problems.map(({ pointer, detail }) => [pointer, detail]));
  }
  return {};
}

/** The built-in profile with one member replaced. */
function altered(pointer: string, value: unknown): unknown {
  const profile = structuredClone(builtin) as Record<string, unknown>;
  const segments = pointer.split('/').slice(1);
  const last = segments.pop() as string;
  let parent = profile;
  for (const segment of segments) parent = parent[segment] as Record<string, unknown>;
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return profile;
}

describe('loading', () => {
  test('without a path the built-in profile is used: the paths, places and words that CXone publishes', () => {
    const profile = loadProfile(null);
    expect(profile.token).toMatchObject({ kind: 'request', url: '{base}/api/v2/oauth/token' });
    expect(profile.token.requiredScopes).toEqual(['dx:actions:execute', 'dx:actions:read']);
    expect(profile.execute.url).toBe('{base}/api/v2/dx/actions/{actionId}/execute');
    expect(profile.execute.body.members).toEqual({ asyncExecution: true });
    expect(profile.poll?.url).toBe('{base}/api/v2/dx/actions/{actionId}/executions/{executionId}');
    expect(profile.words).toEqual({
      completed: ['COMPLETED', 'SUCCEEDED', 'SUCCESS'],
      failed: ['FAILED', 'ERROR', 'CANCELLED', 'CANCELED', 'EXPIRED', 'ABORTED', 'TIMED_OUT', 'TIMEOUT'],
      progress: PROGRESS_WORDS,
    });
  });

  test('a profile on disk is read, also with a byte order mark', () => {
    const path = join(folder, 'good.json');
    writeFileSync(path, `\uFEFF${JSON.stringify(altered('/name', 'my tenant'))}`);
    expect(loadProfile(path).name).toBe('my tenant');
  });

  test('the quite different example profile is right', () => {
    expect(loadProfile('test/support/profiles/job-service.json').name).toBe('job-service');
  });

  test.each([
    ['missing.json', null, /cannot be read.*missing\.json/],
    ['not.json', '{"name": ', /not\.json is not JSON/],
    ['empty.json', '', /empty\.json is not JSON/],
    ['list.json', '[]', /list\.json has a mistake:\n {2}\(the whole profile\): must be an object/],
    ['wrong.json', '{}', /wrong\.json has 6 mistakes:\n {2}\/name: is missing/],
  ])('%s is refused with a message that names the file and what is wrong', (file, content, message) => {
    const path = join(folder, file);
    if (content !== null) writeFileSync(path, content);
    expect(() => loadProfile(path)).toThrow(ProfileError);
    expect(() => loadProfile(path)).toThrow(message);
  });

  test('numbers among the constant members keep all their digits', () => {
    const profile = parseJson(
      JSON.stringify(builtin).replace('"asyncExecution":true', '"tenant":12345678901234567890'),
    );
    expect(JSON.stringify(parseProfile(profile).execute.body.members)).toBe('{"tenant":12345678901234567890}');
  });
});

describe('mistakes', () => {
  test('all of them are reported at once, each with its JSON Pointer', () => {
    const profile = {
      ...builtin,
      name: 7,
      extra: 1,
      another: 2,
      token: { ...builtin.token, grant: '', 'a/b~c': true },
      poll: { ...builtin.poll, notFound: 'maybe', answer: { status: 'status', result: '/a~2b', error: null } },
    };
    const problems = problemsOf(profile);
    expect(Object.keys(problems).sort()).toEqual([
      '/another',
      '/extra',
      '/name',
      '/poll/answer/result',
      '/poll/answer/status',
      '/poll/notFound',
      '/token/a~1b~0c',
      '/token/grant',
    ]);
    expect(problems['/extra']).toContain('use one of: name, token, execute, poll, callback, words');
    expect(problems['/poll/notFound']).toBe('must be one of "gone", "not-yet"');
    expect(problems['/poll/answer/status']).toContain('JSON Pointer');
  });

  test('every member that is left out is named', () => {
    for (const pointer of ['/name', '/token/url', '/execute/body/callbackUrl', '/callback/status', '/words/failed']) {
      expect(problemsOf(altered(pointer, undefined))).toEqual({ [pointer]: 'is missing' });
    }
  });

  test('no message repeats a value: token parameters may be secrets', () => {
    const profile = altered('/token/parameters', { password: ['hunter2'] });
    expect(problemsOf(profile)).toEqual({ '/token/parameters/password': 'must be a text' });
  });

  test.each([
    ['/headers', ['x-tenant: acme'], 'must be an object of header names'],
    ['/token/parameters', ['acme'], 'must be an object of texts'],
    ['/token/url', '{base}/token/{actionId}', 'unknown placeholder {actionId}'],
    ['/token/url', 'oauth/token', 'must begin with'],
    ['/token/url', 'ftp://host/x', 'must begin with'],
    ['/token/url', 'https://user:secret@host/x', 'not contain a user name'],
    ['/token/url', 'https://host/{base}', 'must begin with'],
    ['/execute/url', '{base}/run', 'must contain {actionId}'],
    ['/execute/url', 'https://{actionId}.example/run', 'after the host'],
    ['/execute/url', '{base}/{actionId}/a b', 'without spaces'],
    ['/execute/url', '{base}/{actionId}/{', 'brace without its partner'],
    ['/execute/url', '{base}/run#{actionId}', 'no fragment'],
    ['/execute/url', 'https://ho st:99999/{actionId}', 'without spaces'],
    ['/execute/url', 'https://host:99999/{actionId}', 'not a URL'],
    ['/poll/url', '{base}/{actionId}', 'must contain {executionId}'],
    ['/poll/url', 12, 'must be a URL template'],
    ['/poll/correlationHeader', 'Authorization', 'free to use'],
    ['/poll/correlationHeader', 'X Y', 'name of an HTTP header'],
    ['/callback/status', '/constructor/name', 'JSON Pointer'],
    ['/callback/status', '/__proto__/status', 'JSON Pointer'],
    ['/callback/status', null, 'JSON Pointer'],
    ['/words/completed', [], 'at least one word'],
    ['/words/completed', 'DONE', 'list of status words'],
    ['/execute/body/members', [], 'must be an object'],
    ['/execute/body/callbackUrl', '', 'cannot be the whole'],
    ['/execute/body/callbackUrl', '/inputs', 'is the place of inputs'],
    ['/execute/body/callbackUrl', '/asyncExecution', '"members" holds at "/asyncExecution"'],
    ['/execute/body/inputs', '/asyncExecution/inputs', '"members" holds at "/asyncExecution"'],
    ['/execute/body/correlationId', '/context/callbackUrl/id', 'leads through the place of callbackUrl'],
  ])('%s = %j: %s', (pointer, value, detail) => {
    const problems = problemsOf(altered(pointer, value));
    expect(Object.keys(problems)).toEqual([pointer]);
    expect(problems[pointer]).toContain(detail);
  });

  test('a status word cannot mean both', () => {
    const problems = problemsOf(altered('/words/failed', ['FAILED', 'success']));
    expect(problems).toEqual({ '/words/failed/1': 'is among the completed words as well' });
  });
});
