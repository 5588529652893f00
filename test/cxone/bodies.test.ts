// Bodies of callbacks and responses: charsets, NaN, JSON in JSON, XML, and the members that no pointer reads.

import { describe, expect, test } from 'vitest';
import { parseCallback, parsePollResponse, parseSubmitResponse } from '../../src/cxone/parse-response.ts';
import { type Profile, parseProfile } from '../../src/cxone/profile/profile.ts';
import builtin from '../../src/cxone/profiles/cxone.json' with { type: 'json' };

const cxone = parseProfile(builtin);
const callbackProfile = (part: object) => parseProfile({ ...builtin, callback: { ...builtin.callback, ...part } });
const read = (body: string | Uint8Array, type: string | null = 'application/json', profile: Profile = cxone) =>
  parseCallback(profile, Buffer.from(body), type);
const resultOf = (...args: Parameters<typeof read>) => {
  const parsed = read(...args);
  return parsed.type === 'callback' ? parsed.report.result : parsed.reason;
};

describe('charsets', () => {
  const latin = Buffer.from('{"status":"COMPLETED","executionId":"e-1","result":"Zo\xeb"}', 'latin1');
  const utf16 = Buffer.from('\uFEFF{"status":"COMPLETED","executionId":"e-1","result":"Zoë"}', 'utf16le');

  test.each([
    [latin, 'application/json; charset=ISO-8859-1'],
    [utf16, 'application/json; charset=utf-16'],
    [utf16.subarray(2), 'application/json'],
  ])('of a callback, a poll and a submit response are those of the header (%#)', (bytes, contentType) => {
    expect(resultOf(bytes, contentType)).toBe('Zoë');
    expect(parsePollResponse(cxone, { bytes, contentType })?.report.result).toBe('Zoë');
    expect(parseSubmitResponse(cxone, { bytes, contentType })).toMatchObject({
      executionId: 'e-1',
      report: { result: 'Zoë' },
    });
  });

  test('that are unknown make the body unreadable', () => {
    const contentType = 'application/json; charset=klingon';
    expect(read('{"status":"COMPLETED"}', contentType)).toEqual({
      type: 'callback-unreadable',
      reason: 'the charset "klingon" is not supported',
    });
    expect(parsePollResponse(cxone, { bytes: latin, contentType })).toBeNull();
  });

  test('of a form count for escaped bytes, too', () => {
    expect(resultOf('status=COMPLETED&result=Zo%EB', 'application/x-www-form-urlencoded; charset=latin1')).toBe('Zoë');
    const form = Buffer.from('status=COMPLETED&result=Zo%C3%AB', 'utf16le');
    expect(resultOf(form, 'application/x-www-form-urlencoded; charset=utf-16le')).toBe('Zoë');
  });
});

describe('NaN and Infinity', () => {
  test('are null, reported with their places; texts and other numbers stay', () => {
    const body =
      '{"status":"COMPLETED","result":{"a":NaN,"b":[1,-Infinity, Infinity],"c/d":"NaN, \\"Infinity","e":12345678901234567890,"f":1.50}}';
    const parsed = read(body);
    if (parsed.type !== 'callback') throw new Error(parsed.reason);
    expect(JSON.stringify(parsed.report.result)).toBe(
      '{"a":null,"b":[1,null,null],"c/d":"NaN, \\"Infinity","e":12345678901234567890,"f":1.50}',
    );
    expect(parsed.notes?.nonFinite).toEqual(['/result/a', '/result/b/1', '/result/b/2']);
    const bytes = Buffer.from(body);
    expect(parsePollResponse(cxone, { bytes, contentType: null })?.notes?.nonFinite).toHaveLength(3);
  });

  test.each(['{"status":"COMPLETED","result":NaNa}', '{"status":"COMPLETED","result":- NaN}', '{"status":NaN "a"}'])(
    'in something that is not JSON otherwise stay unreadable: %s',
    (body) => {
      expect(resultOf(body)).toContain('not JSON');
    },
  );

  test('in a field of a form', () => {
    expect(resultOf('status=COMPLETED&result={"a":NaN}', null)).toEqual({ a: null });
  });
});

describe('JSON in a JSON string', () => {
  const inner = JSON.stringify({ status: 'COMPLETED', result: { a: 'ü' } });
  const wrapped = callbackProfile({ document: '/Message' });

  test.each([
    JSON.stringify({ Type: 'Notification', Message: inner }),
    JSON.stringify({ Message: JSON.stringify(inner) }),
    JSON.stringify({ Message: JSON.parse(inner) }),
    inner,
  ])('is read where the profile says: %s', (body) => {
    expect(resultOf(body, null, wrapped)).toEqual({ a: 'ü' });
  });

  test('may be the whole body, the field of a form, and in polls and submit responses', () => {
    expect(resultOf(JSON.stringify(inner), null, callbackProfile({ document: '' }))).toEqual({ a: 'ü' });
    expect(resultOf(new URLSearchParams({ Message: inner }).toString(), null, wrapped)).toEqual({ a: 'ü' });
    const document = '/body';
    const profile = parseProfile({
      ...builtin,
      poll: { ...builtin.poll, answer: { ...builtin.poll.answer, document } },
      execute: { ...builtin.execute, answer: { ...builtin.execute.answer, document } },
    });
    const body = { bytes: Buffer.from(JSON.stringify({ body: inner })), contentType: null };
    expect(parsePollResponse(profile, body)?.report.result).toEqual({ a: 'ü' });
    expect(parseSubmitResponse(profile, body).report.result).toEqual({ a: 'ü' });
  });

  test('is named if the profile does not say where it is', () => {
    expect(resultOf(JSON.stringify({ Message: inner }))).toContain(
      '; "callback.document": "/Message" would read the JSON in that text',
    );
    expect(resultOf('{"Message":"{"}', null, wrapped)).toBe(
      'the body has a text that is not JSON where "document" of the profile points',
    );
  });
});

describe('XML', () => {
  const profile = callbackProfile({
    xml: true,
    executionId: '/response/@id',
    status: '/response/status',
    result: '/response/result',
    error: null,
  });
  const xml = (content: string) =>
    `<?xml version="1.0"?>\n<s:response xmlns:s="urn:x" id="007">${content}</s:response>`;

  test('is read as texts when the profile configures it', () => {
    const body = xml(
      '<status> COMPLETED </status><result kind="1"><n>007</n><i>1</i><i>2.50</i><c><![CDATA[<&amp;]]></c>&lt;&#233;</result>',
    );
    expect(read(body, 'text/xml', profile)).toMatchObject({
      executionId: '007',
      report: { kind: 'completed', result: { '@kind': '1', n: '007', i: ['1', '2.50'], c: '<&amp;', '#text': '<é' } },
    });
    expect(resultOf(body.replace('<?xml version="1.0"?>\n', ''), null, profile)).toMatchObject({ n: '007' });
    expect(resultOf('{"response":{"status":"COMPLETED","result":7}}', null, profile)).toBe(7);
    expect(resultOf(body)).toContain('XML needs "xml": true in "callback" of the profile');
  });

  test.each([
    ['<!DOCTYPE r [<!ENTITY a "b">]><response><status>COMPLETED</status></response>', 'with a document type'],
    ['<!DOCTYPE r SYSTEM "file:///etc/passwd"><response/>', 'with a document type'],
    ['<response><status>&nbsp;</status></response>', 'not well-formed'],
    ['<response><status>COMPLETED</response>', 'not well-formed'],
    ['<response/><response/>', 'not well-formed'],
    ['<a>'.repeat(1000) + '</a>'.repeat(1000), 'nested too deeply'],
  ])('that is hostile or damaged is unreadable: %s', (body, reason) => {
    expect(resultOf(body, 'text/xml', profile)).toContain(reason);
  });

  test('may name a charset in its declaration and contain JSON', () => {
    const rules = { xml: true, document: '/r/m' };
    const body = Buffer.from(
      '<?xml version="1.0" encoding="ISO-8859-1"?><r><m>{"status":"COMPLETED","result":"\xeb"}</m></r>',
      'latin1',
    );
    expect(resultOf(body, 'application/xml', callbackProfile(rules))).toBe('ë');
  });

  test('cannot reach prototypes', () => {
    const parsed = resultOf(
      xml('<status>COMPLETED</status><result><__proto__><x>1</x></__proto__></result>'),
      null,
      profile,
    );
    expect(Object.keys(parsed as object)).toEqual(['__proto__']);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });
});

describe('members that no pointer reads', () => {
  const notesOf = (...args: Parameters<typeof read>) => {
    const parsed = read(...args);
    return parsed.type === 'callback' ? parsed.notes : undefined;
  };

  test.each([
    ['{"status":"COMPLETED","output":{"x":1}}', ['/output'], '"callback.result": "/output"'],
    ['{"status":"COMPLETED","took":7,"output":{"x":1}}', ['/took', '/output'], '"callback.result": "/output"'],
    ['{"status":"COMPLETED","result":1,"a/b~":2}', ['/a~1b~0'], '"callback.result": ""'],
    ['{"status":"FAILED","output":{},"reason":"no money"}', ['/reason'], '"callback.error": "/reason"'],
    ['status=COMPLETED&result=1&result[x]=2', ['/result[x]'], '"callback.result": ""'],
  ])('are found, with the line that reads them: %s', (body, pointers, line) => {
    const notes = notesOf(body, null);
    expect(notes?.unread.map(({ pointer }) => pointer)).toEqual(pointers);
    expect(notes?.profileLine).toBe(line);
    expect(Buffer.from(notes?.body.bytes ?? []).toString()).toBe(body);
  });

  test.each([
    '{"status":"COMPLETED","result":{"deep":{"er":1}},"error":null,"executionId":"e-1"}',
    '{"status":"COMPLETED","nothing":null,"empty":"","list":[],"object":{}}',
    '{"status":"RUNNING","progress":40}',
    'status=COMPLETED&result[amount]=42',
  ])('there are none in %s', (body) => {
    expect(notesOf(body, null)).toBeUndefined();
  });

  test('are found beside a pointer into their parent, and are bounded', () => {
    const profile = callbackProfile({ status: ['/status', '/data/status'], result: '/data/result/0' });
    const body = { data: { status: 'COMPLETED', result: [1, 2], more: { a: 1 } } };
    const notes = notesOf(JSON.stringify(body), null, profile);
    expect(notes?.unread.map(({ pointer }) => pointer)).toEqual(['/data/result/1', '/data/more']);
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`m${index}`.repeat(100), index]));
    const bounded = notesOf(JSON.stringify({ status: 'COMPLETED', ...many }));
    expect(bounded?.unread).toHaveLength(20);
    expect(JSON.stringify(bounded?.unread).length).toBeLessThan(6000);
  });

  test('of polls and submit responses name the lines of these parts', () => {
    const body = { bytes: Buffer.from('{"status":"COMPLETED","output":1}'), contentType: null };
    expect(parsePollResponse(cxone, body)?.notes?.profileLine).toBe('"poll.answer.result": "/output"');
    expect(parseSubmitResponse(cxone, body).notes?.profileLine).toBe('"execute.answer.result": "/output"');
  });
});
