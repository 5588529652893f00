// Callbacks in other dialects: fields flat, nested or in either place, and JSON in whatever wrapping it comes.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCallback } from '../../src/cxone/parse-response.ts';
import { type Profile, parseProfile } from '../../src/cxone/profile/profile.ts';
import builtin from '../../src/cxone/profiles/cxone.json' with { type: 'json' };
import '../support/generated-cases.ts';

/** The built-in profile with another callback part. */
function profileWith(callback: object): Profile {
  return parseProfile({ ...builtin, callback: { ...builtin.callback, ...callback } });
}

/** Without the notes on members that the profile does not read. */
function read(profile: Profile, body: string, contentType: string | null = 'application/json') {
  const parsed = parseCallback(profile, Buffer.from(body), contentType);
  if (parsed.type === 'callback-unreadable') return parsed;
  const { notes: _, ...reading } = parsed;
  return reading;
}

describe('fields', () => {
  const nested = profileWith({
    executionId: '/event/data/execution/id',
    status: '/event/data/execution/state',
    result: '/event/data/outputs/0',
    error: '/event/data/failure~1reason',
  });

  test('are found deep in a document, in lists and under names with slashes', () => {
    const data = { execution: { id: 'e-1', state: 'Failed' }, outputs: [{ a: 1 }, 2], 'failure/reason': 'no money' };
    expect(read(nested, JSON.stringify({ event: { data } }))).toEqual({
      type: 'callback',
      executionId: 'e-1',
      report: { kind: 'failed', statusWord: 'Failed', result: { a: 1 }, error: 'no money' },
    });
  });

  const either = profileWith({
    executionId: ['/executionId', '/data/executionId'],
    status: ['/status', '/data/status'],
    result: ['/result', '/data/result', '/data'],
  });

  test('may be in one of several places, of which the first that leads somewhere counts, for each field alone', () => {
    const flat = { executionId: 'e-1', status: 'COMPLETED', result: 1 };
    const report = { kind: 'completed', statusWord: 'COMPLETED', result: 1, error: null };
    for (const document of [flat, { data: flat }, { ...flat, data: { status: 'FAILED', result: 2 } }]) {
      expect(read(either, JSON.stringify(document))).toEqual({ type: 'callback', executionId: 'e-1', report });
    }
    expect(read(either, '{"status":"COMPLETED","result":null,"data":{"executionId":"e-2","more":3}}')).toMatchObject({
      executionId: 'e-2',
      report: { result: { executionId: 'e-2', more: 3 } },
    });
  });

  test('that are in none of them are reported with all the places', () => {
    const reason = 'the body has no usable status word at "/status" or "/data/status": there is nothing';
    expect(read(either, '{"state":"COMPLETED"}')).toEqual({ type: 'callback-unreadable', reason, executionId: null });
    expect(read(either, '{"status":true,"data":{"status":"COMPLETED"}}')).toMatchObject({
      reason: expect.stringContaining('it is neither a text nor a number'),
    });
  });
});

describe('a form with the document in a field', () => {
  const payload = profileWith({ formField: 'payload', status: '/job/status', result: '/job/result', error: null });

  const multipart = (value: string) =>
    `--x\r\nContent-Disposition: form-data; name="payload"\r\n\r\n${value}\r\n--x--\r\n`;

  test('any document says the same as JSON, in a form, behind an equals sign as it is, and in a multipart form', () => {
    const text = fc.oneof(fc.string(), fc.constantFrom('a&b=c', '1+1', '100%25', '&payload={}', '"', '{', 'ü😀'));
    const result = fc.oneof(text, fc.array(text), fc.dictionary(text, text));
    fc.assert(
      fc.property(result, fc.boolean(), (value, failed) => {
        const json = JSON.stringify({ job: { status: failed ? 'FAILED' : 'COMPLETED', result: value } });
        const asJson = read(payload, json);
        expect(asJson).toMatchObject({ type: 'callback', report: { kind: failed ? 'failed' : 'completed' } });
        const form = new URLSearchParams({ event: 'done', payload: json }).toString();
        for (const contentType of ['application/x-www-form-urlencoded', 'text/plain', null]) {
          expect(read(payload, form, contentType)).toEqual(asJson);
          expect(read(payload, `payload=${json}`, contentType)).toEqual(asJson);
          expect(read(payload, `payload=${encodeURIComponent(json)}`, contentType)).toEqual(asJson);
        }
        expect(read(payload, multipart(json), 'multipart/form-data; boundary=x')).toEqual(asJson);
      }),
    );
  });

  test('numbers beyond 2^53 keep all their digits there', () => {
    const json = '{"job":{"status":"COMPLETED","result":12345678901234567891}}';
    for (const body of [`payload=${json}`, `payload=${encodeURIComponent(json)}`]) {
      expect(JSON.stringify(read(payload, body, null))).toContain('"result":12345678901234567891');
    }
  });

  test('the document may be the status alone', () => {
    const bare = profileWith({ formField: 'status', status: '', executionId: null, result: null, error: null });
    expect(read(bare, 'status=%22COMPLETED%22', null)).toMatchObject({ report: { kind: 'completed' } });
  });

  test.for([
    ['no such field', 'status=COMPLETED'],
    ['an empty field', 'payload=&status=COMPLETED'],
    ['no JSON in it', 'payload=COMPLETED'],
    ['half of it', 'payload={"job":{"status":"COMPLETED"'],
    ['a field that every object has', 'constructor=1'],
  ])('%s cannot be read, and the field is named', ([, body = '']) => {
    expect(read(payload, body, 'application/x-www-form-urlencoded')).toEqual({
      type: 'callback-unreadable',
      reason: 'the body is a form, and its field "payload" holds no JSON',
    });
  });
});

describe('other media types', () => {
  const JSON_BODY = '{"status":"COMPLETED"}';

  test.each([
    'text/plain',
    'text/xml; charset=utf-8',
    'application/octet-stream',
    'application/vnd.nice+json',
    '',
    null,
  ])('JSON is read whatever it calls itself (%s)', (contentType) => {
    expect(read(profileWith({}), JSON_BODY, contentType)).toMatchObject({ report: { kind: 'completed' } });
  });

  test.each(['application/xml', 'text/xml', 'text/plain', null])(
    'XML cannot be read, also when it has equals signs (%s)',
    (type) => {
      const xml = '<?xml version="1.0"?>\n<callback status="COMPLETED"><result a="1">ok</result></callback>';
      expect(read(profileWith({}), xml, type)).toEqual({
        type: 'callback-unreadable',
        reason: 'the body is not JSON and not a form; XML needs "xml": true in "callback" of the profile',
      });
    },
  );
});

test('with whatever bytes it comes, each dialect reads it or cannot', () => {
  const dialects = [profileWith({ formField: 'payload' }), profileWith({ status: ['/a/b', ''], result: ['/a', ''] })];
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.json().map(Buffer.from),
    fc.string({ unit: 'binary' }).map((text) => Buffer.from(`payload=${text}`)),
  );
  const contentType = fc.constantFrom(null, 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=a');
  fc.assert(
    fc.property(fc.constantFrom(...dialects), bytes, contentType, (dialect, body, type) => {
      expect(['callback', 'callback-unreadable']).toContain(parseCallback(dialect, body, type).type);
    }),
  );
});
