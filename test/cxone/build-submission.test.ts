// How a submission is written: as JSON, a form or a query, its values where the profile has them, and what has no place there.

import { describe, expect, test } from 'vitest';
import { buildExecuteRequest } from '../../src/cxone/build-requests.ts';
import { fieldsOf, unsupportedParts } from '../../src/cxone/build-submission.ts';
import { loadProfile, type Profile, parseProfile } from '../../src/cxone/profile/profile.ts';
import { shippedProfile } from '../../src/cxone/profile/shipped.ts';
import { isJsonObject, type Json, type JsonObject, LargeJson, parseJson } from '../../src/execution/json.ts';
import { anExecution } from '../support/executions.ts';
import { CALLBACK_URL } from './harness.ts';

const BASE = 'https://cxone.example';

/** The shipped profile for scripts with its body changed. */
function scripts(execute: JsonObject = {}, body: JsonObject = {}): Profile {
  const shipped = shippedProfile('cxone-script-start');
  const given = isJsonObject(shipped) && isJsonObject(shipped['execute']) ? shipped['execute'] : {};
  const places = isJsonObject(given['body']) ? given['body'] : {};
  return parseProfile({
    ...(shipped as JsonObject),
    execute: { ...given, ...execute, body: { ...places, ...body } },
  });
}

function request(profile: Profile, inputs: JsonObject) {
  return buildExecuteRequest(
    profile,
    BASE,
    anExecution({ actionId: '7', correlationId: 'order-1', inputs }),
    CALLBACK_URL,
  );
}

const INPUTS = { scriptPath: 'A b\\C', parameters: ['x&y', 'ü', 3] };

test.each(['cxone', 'cxone-jobs', 'cxone-script-start', 'cxone-static-token'])(
  'inputs with many values, which stay text, are sent by %s as their value is',
  (name) => {
    const profile = parseProfile(shippedProfile(name) as JsonObject);
    const text = `{"scriptPath":"p","parameters":["a",1.50],"list":[${'2.50,'.repeat(3_000)}0]}`;
    const inputs = LargeJson.from(text) as JsonObject;
    expect(LargeJson.is(inputs)).toBe(true);
    expect(request(profile, inputs)).toEqual(request(profile, parseJson(text) as JsonObject));
    const around = { ...profile, execute: { ...profile.execute, body: { ...profile.execute.body, inputs: '' } } };
    expect(request(around, inputs)).toEqual(request(around, parseJson(text) as JsonObject));
  },
);

test('as a query: every field percent-encoded, no body and no type of one', () => {
  const { url, body, headers } = request(scripts(), INPUTS);
  expect(url).toBe(
    `${BASE}/inContactAPI/services/v33.0/scripts/start?scriptPath=A%20b%5CC` +
      `&parameters=${encodeURIComponent(`${CALLBACK_URL}|order-1|x&y|ü|3`)}&skillId=7`,
  );
  expect(body).toBeUndefined();
  expect(headers).not.toHaveProperty('content-type');
});

test('a query goes behind one that the URL has already', () => {
  const { url } = request(scripts({ url: '{base}/start?version=2' }), { scriptPath: 'A' });
  expect(url).toMatch(/^https:\/\/cxone\.example\/start\?version=2&scriptPath=A&skillId=7&parameters=/);
});

test('as a form: the same fields in the body', () => {
  const { url, body, headers } = request(scripts({ encoding: 'form' }), INPUTS);
  expect(url).toBe(`${BASE}/inContactAPI/services/v33.0/scripts/start`);
  expect(headers['content-type']).toBe('application/x-www-form-urlencoded');
  expect(Object.fromEntries(new URLSearchParams(body))).toEqual({
    scriptPath: 'A b\\C',
    parameters: `${CALLBACK_URL}|order-1|x&y|ü|3`,
    skillId: '7',
  });
});

test('as JSON: the same members in an object', () => {
  const { body } = request(scripts({ encoding: 'json' }, { members: { mode: 'async' } }), INPUTS);
  expect(JSON.parse(body ?? '')).toEqual({
    mode: 'async',
    scriptPath: 'A b\\C',
    parameters: `${CALLBACK_URL}|order-1|x&y|ü|3`,
    skillId: '7',
  });
});

test('what is ours stands, whatever an app calls its inputs', () => {
  const { url } = request(scripts(), { scriptPath: 'A', skillId: '666' });
  expect(new URL(url).searchParams.getAll('skillId')).toEqual(['7']);
});

test('fields: numbers keep all their digits, objects are JSON, nothing is left out for null', () => {
  const body = parseJson('{"big": 12345678901234567890, "yes": true, "list": [1, "a"], "none": null, "text": "a b"}');
  expect(fieldsOf(body)).toEqual([
    ['big', '12345678901234567890'],
    ['yes', 'true'],
    ['list', '[1,"a"]'],
    ['text', 'a b'],
  ]);
});

describe('what cannot be sent', () => {
  const unfit = (profile: Profile, inputs: JsonObject, context: JsonObject = {}) =>
    unsupportedParts(profile, { actionId: '7', correlationId: 'order-1', inputs, context }, CALLBACK_URL);

  test.for<[Json, string[]]>([
    [['a', 'b'], []],
    ['one alone', []],
    [undefined as unknown as Json, []],
    [null, []],
    [
      ['a|b', 'c', 'd|'],
      ['/inputs/parameters/0', '/inputs/parameters/2'],
    ],
    ['a|b', ['/inputs/parameters']],
    [[['a']], ['/inputs/parameters/0']],
    [{ a: 1 }, ['/inputs/parameters']],
  ])('of the values %j', ([parameters, places]) => {
    expect(unfit(scripts(), { parameters }).map(({ pointer }) => pointer)).toEqual(places);
  });

  test('no message repeats a value', () => {
    const message = JSON.stringify(unfit(scripts(), { parameters: ['s3cr3t|s3cr3t', { s3cr3t: 1 }] }));
    expect(message).not.toContain('s3cr3t');
  });

  test('the length counts with all that goes before it, in bytes', () => {
    const first = `${CALLBACK_URL}|order-1|`.length;
    expect(unfit(scripts(), { parameters: ['ü'.repeat((4000 - first) / 2 - 1)] })).toEqual([]);
    expect(unfit(scripts(), { parameters: ['ü'.repeat((4000 - first) / 2 + 1)] })).toHaveLength(1);
  });

  test('nothing is wrong with what the built-in profile sends', () => {
    expect(unfit(loadProfile(null), { parameters: ['a|b', {}] }, { any: 1 })).toEqual([]);
  });
});
