// Reading what CXone says: ids, statuses, results and callbacks, however they come.

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as responses from '../../src/cxone/parse-response.ts';
import { loadProfile, type Profile, parseProfile } from '../../src/cxone/profile/profile.ts';

const { parseCallback } = responses;

const cxone = loadProfile(null);
const jobs = loadProfile('test/support/profiles/job-service.json');

const json = (text: string) => ({ bytes: Buffer.from(text), contentType: 'application/json' });
const parsePollResponse = (profile: Profile, text: string) => responses.parsePollResponse(profile, json(text));
const parseSubmitResponse = (profile: Profile, text: string | null) =>
  responses.parseSubmitResponse(profile, text === null ? null : json(text));

const callback = (body: string | Uint8Array, contentType: string | null = 'application/json', profile = cxone) =>
  parseCallback(profile, typeof body === 'string' ? Buffer.from(body) : body, contentType);

describe('status words', () => {
  test.each([
    ['COMPLETED', 'completed'],
    ['Succeeded', 'completed'],
    ['success', 'completed'],
    [' completed ', 'completed'],
    ['FAILED', 'failed'],
    ['error', 'failed'],
    ['Cancelled', 'failed'],
    ['CANCELED', 'failed'],
    ['expired', 'failed'],
    ['Aborted', 'failed'],
    ['TIMED_OUT', 'failed'],
    ['TimedOut', 'failed'],
    ['timed out', 'failed'],
    ['Timeout', 'failed'],
    ['RUNNING', 'progress'],
    ['InProgress', 'progress'],
    ['in-progress', 'progress'],
  ])('%s means %s', (status, kind) => {
    const report = parsePollResponse(cxone, JSON.stringify({ status }))?.report;
    expect(report).toEqual({ kind, statusWord: status.trim(), result: null, error: null });
  });

  test.each(['COMPLETED_WITH_WARNINGS', 'Paused', '3'])('%s is unknown, which counts as progress', (status) => {
    expect(parsePollResponse(cxone, JSON.stringify({ status }))?.report).toMatchObject({
      ...{ kind: 'progress', statusWord: status, isUnknownWord: true },
    });
  });

  test('a number is a word: the profile may list it as a number or as a text', () => {
    const document = JSON.parse(readFileSync('src/cxone/profiles/cxone.json', 'utf8'));
    const profile = parseProfile({
      ...document,
      words: { completed: [2, 'DONE'], failed: ['-1', 4.5], progress: [1] },
    });
    const reportOf = (status: string) => parsePollResponse(profile, `{"status":${status}}`)?.report;
    for (const status of ['2', '2.0', '"2"', '"done"']) expect(reportOf(status)?.kind).toBe('completed');
    for (const status of ['-1', '4.5', '45e-1', '"4.5"']) expect(reportOf(status)?.kind).toBe('failed');
    expect(reportOf('1')).toEqual({ kind: 'progress', statusWord: '1', result: null, error: null });
    expect(reportOf('9007199254740993')).toMatchObject({ statusWord: '9007199254740993', isUnknownWord: true });
  });
});

describe('an answer to a submission', () => {
  test('gives the id and the status; a terminal status brings its result along', () => {
    expect(parseSubmitResponse(cxone, '{"executionId":"e-1","status":"PENDING"}')).toEqual({
      executionId: 'e-1',
      report: { kind: 'progress', statusWord: 'PENDING', result: null, error: null },
    });
    expect(parseSubmitResponse(cxone, '{"executionId":"e-1","status":"completed","result":{"a":[1]}}')).toEqual({
      executionId: 'e-1',
      report: { kind: 'completed', statusWord: 'completed', result: { a: [1] }, error: null },
    });
  });

  test('ids and results beyond 2^53 keep all their digits', () => {
    const answer = parseSubmitResponse(
      cxone,
      '{"executionId":12345678901234567891,"status":"SUCCESS","result":9007199254740993}',
    );
    expect(answer.executionId).toBe('12345678901234567891');
    expect(JSON.stringify(answer.report.result)).toBe('9007199254740993');
  });

  test.each([
    ['"e-42"', 'e-42'],
    ['e-42', 'e-42'],
    ['  e-42\r\n', 'e-42'],
    ['12345678901234567891', '12345678901234567891'],
    ['{"id":"e-42"}', null],
    ['<html>busy</html>', null],
    ['Accepted, thank you', null],
    ['', null],
    ['null', null],
  ])('a profile may take the whole body for the id: %j', (body, id) => {
    expect(parseSubmitResponse(jobs, body).executionId).toBe(id);
  });

  test.each([
    ['a lost body', null],
    ['an empty body', ''],
    ['a page', '<html>ok</html>'],
    ['a list', '[1,2]'],
    ['a status that is not a string', '{"status":{"a":1}}'],
    ['half a document', '{"executionId":"e-1","sta'],
  ])('%s is progress without an id', (_, body) => {
    expect(parseSubmitResponse(cxone, body)).toEqual({
      executionId: null,
      report: { kind: 'progress', statusWord: null, result: null, error: null },
    });
  });
});

describe('an executionId that no URL can carry is reported', () => {
  test.each([
    ['', 'it is empty'],
    ['.', 'in a URL it names another resource'],
    ['..', 'in a URL it names another resource'],
    ['a\0b', 'a NUL character'],
    ['a\ud800', 'half of a surrogate pair'],
    ['x'.repeat(1025), 'it has 1025 bytes, more than 1024'],
    ['é'.repeat(513), 'it has 1026 bytes, more than 1024'],
    [true, 'neither a text nor a number'],
    [{}, 'neither a text nor a number'],
    [['a'], 'neither a text nor a number'],
  ])('%j', (executionId, reason) => {
    const { executionId: id, unusableId } = parseSubmitResponse(cxone, JSON.stringify({ executionId }));
    expect(id).toBe(null);
    expect(unusableId).toContain(reason);
    expect(callback(JSON.stringify({ executionId, status: 'COMPLETED' }))).toMatchObject({ executionId: null });
  });

  test('none at all is none', () => {
    for (const body of ['{}', '{"executionId":null}']) {
      const { executionId, unusableId } = parseSubmitResponse(cxone, body);
      expect([executionId, unusableId]).toEqual([null, undefined]);
    }
  });

  const USABLE = [
    '...',
    'a b',
    ' a ',
    'a\nb',
    'a/b?c#d',
    '%2e%2e',
    'é',
    '工单-1',
    '🙂'.repeat(256),
    'x'.repeat(1024),
    7,
  ];
  test.each(USABLE)('while %j is usable', (executionId) => {
    expect(parseSubmitResponse(cxone, JSON.stringify({ executionId })).executionId).toBe(String(executionId));
    const body = JSON.stringify({ executionId, status: 'RUNNING' });
    expect(callback(body)).toMatchObject({ executionId: String(executionId) });
    expect(parsePollResponse(cxone, body)?.namedExecutionId).toBe(String(executionId));
  });

  test('a number keeps its digits', () => {
    const body = '{"executionId":12345678901234567890}';
    expect(parseSubmitResponse(cxone, body).executionId).toBe('12345678901234567890');
  });
});

describe('an answer to a poll', () => {
  test('is read by the pointers of the profile', () => {
    const body = '{"jobStatus":{"status":"Succeeded","output":{"n":1},"problem":{"text":"none"}}}';
    expect(parsePollResponse(jobs, body)?.report).toEqual({
      kind: 'completed',
      statusWord: 'Succeeded',
      result: { n: 1 },
      error: 'none',
    });
  });

  test.each([
    '',
    'COMPLETED',
    '{}',
    '{"status":""}',
    '{"status":"  "}',
    '{"status":true}',
    '[]',
    'null',
    '"COMPLETED"',
  ])('without a readable status says nothing: %j', (body) => {
    expect(parsePollResponse(cxone, body)).toBe(null);
  });
});

describe('a callback', () => {
  const completed = { kind: 'completed', statusWord: 'COMPLETED', result: { ok: true }, error: null };

  test.each([null, '', 'application/json', 'text/plain', 'application/x-www-form-urlencoded', 'nonsense'])(
    'is read as JSON whatever its content type says (%s)',
    (contentType) => {
      const body = '{"executionId":"e-1","status":"COMPLETED","result":{"ok":true}}';
      expect(callback(body, contentType)).toEqual({ type: 'callback', executionId: 'e-1', report: completed });
    },
  );

  test.each([
    'application/x-www-form-urlencoded',
    'application/x-www-form-urlencoded; charset=utf-8',
    'text/plain',
    null,
  ])('may be a form (%s); a field of JSON text is what it says', (contentType) => {
    const body = `status=COMPLETED&executionId=e-1&result=${encodeURIComponent('{"ok": true}')}`;
    expect(callback(body, contentType)).toEqual({ type: 'callback', executionId: 'e-1', report: completed });
  });

  test('may be a multipart form', () => {
    const part = (name: string, value: string) =>
      `--b"b\r\nContent-Type: text/plain\r\nContent-Disposition: form-data; filename="f"; name="${name}"\r\n\r\n${value}\r\n`;
    const body = `${part('executionId', 'e-1')}${part('status', 'COMPLETED')}${part('result', '{"ok":\r\ntrue}')}--b"b--\r\n`;
    const type = (boundary: string) => `multipart/form-data; charset=utf-8; boundary=${boundary}`;
    expect(callback(body.replaceAll('b"b', 'bob'), type('bob'))).toEqual({
      type: 'callback',
      executionId: 'e-1',
      report: completed,
    });
    expect(callback(body.replaceAll('b"b', 'b b'), type('"b b"'))).toMatchObject({ report: completed });
    expect(callback(body, type('other'))).toMatchObject({ type: 'callback-unreadable' });
  });

  test('in a form, plain fields stay text, the first status counts, and broken JSON is text', () => {
    expect(callback('status=FAILED&status=COMPLETED&error=%7Bhalf&result=12', null)).toEqual({
      type: 'callback',
      executionId: null,
      report: { kind: 'failed', statusWord: 'FAILED', result: '12', error: '{half' },
    });
  });

  test('is read by the pointers of the profile, in a form as well', () => {
    const report = { kind: 'failed', statusWord: 'KILLED', result: null, error: { code: 9 } };
    const status = '{"status":"KILLED","problem":{"code":9}}';
    const expected = { type: 'callback', executionId: '77', report };
    expect(callback(`{"job":{"id":77},"jobStatus":${status}}`, null, jobs)).toEqual(expected);
    expect(callback(`job=${encodeURIComponent('{"id":77}')}&jobStatus=${status}`, null, jobs)).toEqual(expected);
  });

  test('keeps numbers beyond 2^53 exactly', () => {
    const reading = callback('{"status":"COMPLETED","result":{"id":12345678901234567891}}');
    expect(JSON.stringify(reading)).toContain('"result":{"id":12345678901234567891}');
  });

  test.each([
    ['', 'the body is empty'],
    [' \r\n', 'the body is empty'],
    [Uint8Array.of(0x7b, 0xff, 0xfe, 0x7d), 'the body is not UTF-8'],
    ['{"status":"COMPLETED"', 'the body is not JSON and not a form'],
    ['hello world', 'the body is not JSON and not a form'],
    ['<status>COMPLETED</status>', 'the body is not JSON and not a form'],
    ['status=%ff%fe', 'the body is not JSON and not a form'],
    ['{"state":"COMPLETED"}', 'no usable status word at "/status": there is nothing'],
    ['{"status":null}', 'there is nothing'],
    ['{"status":true}', 'it is neither a text nor a number'],
    ['{"status":" "}', 'it is empty'],
    [`{"status":"${'x'.repeat(300)}"}`, 'it is too long'],
    ['[]', 'there is nothing'],
    ['"COMPLETED"', 'there is nothing'],
    ['state=COMPLETED', 'there is nothing'],
    ['{"__proto__":{"status":"COMPLETED"}}', 'there is nothing'],
  ])('that cannot be read says why: %j', (body, reason) => {
    const reading = callback(body, null);
    expect(reading).toMatchObject({ type: 'callback-unreadable', reason: expect.stringContaining(reason) });
  });

  test('with whatever bytes it comes, it is read or it is unreadable', () => {
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.string({ unit: 'binary', maxLength: 200 }).map((text) => Buffer.from(text)),
      fc.json().map((text) => Buffer.from(text)),
    );
    const contentType = fc.constantFrom(null, 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=a');
    fc.assert(
      fc.property(body, contentType, (bytes, type) => {
        expect(['callback', 'callback-unreadable']).toContain(parseCallback(cxone, bytes, type).type);
        expect(['callback', 'callback-unreadable']).toContain(parseCallback(jobs, bytes, type).type);
      }),
    );
  });
});
