// Bodies with many values are recognised in every format, and read on a thread as they are read without one.

import { expect, onTestFinished, test } from 'vitest';
import { isLargeBody } from '../../src/cxone/large-bodies/is-large-body.ts';
import { createLargeBodies, type LargeBodiesOptions } from '../../src/cxone/large-bodies/large-bodies.ts';
import { parseCallback } from '../../src/cxone/parse-response.ts';
import { type ParsedCallback, TooManyValues } from '../../src/cxone/port.ts';
import { parseProfile } from '../../src/cxone/profile/profile.ts';
import builtin from '../../src/cxone/profiles/cxone.json' with { type: 'json' };
import { canonicalJson } from '../../src/execution/canonical-json.ts';
import { LargeJson, writeJson } from '../../src/execution/json.ts';
import { quietLog } from '../support/quiet-log.ts';

const MAX_RESULT_BYTES = 10_485_760;
const SECRET = 'a secret of at least thirty-two characters';
const PROFILE = parseProfile({ ...builtin, callback: { ...builtin.callback, document: '/payload', xml: true } });
const MANY = 3_000;
const list = `[${Array(MANY).fill('{"n":1.50}').join()}]`;
const report = `{"status":"COMPLETED","executionId":"cx-1","result":${list}}`;
const fields = Array.from({ length: MANY }, (_, i) => `result%5B${i}%5D=${i}`);

const BODIES: Readonly<Record<string, string>> = {
  JSON: report,
  'JSON in a JSON string': `{"payload":${JSON.stringify(report)}}`,
  'JSON in escapes': `{"payload":"${report.replaceAll(/["[\]{},]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`)}"}`,
  'a form': `status=COMPLETED&${fields.join('&')}`,
  'JSON in a form': `payload=${encodeURIComponent(report)}`,
  XML: `<r><status>COMPLETED</status><result>${'<n>1</n>'.repeat(MANY)}</result></r>`,
  'many levels': `{"status":"COMPLETED","result":${'['.repeat(MANY)}${']'.repeat(MANY)}}`,
  'NaN, and members that the profile does not read': `{"status":"COMPLETED","result":null,"output":${list.replace('1.50', 'NaN')}}`,
  'no status': `{"output":${list}}`,
  'no JSON': `{"status":"COMPLETED","result":${list}`,
  'one long text': `{"status":"COMPLETED","result":"${'word, \\n'.repeat(MANY * 4)}"}`,
  'a long error': `{"status":"FAILED","error":{"message":"${'.'.repeat(MANY * 30)}"}}`,
};

function thread(options: Partial<LargeBodiesOptions> = {}) {
  const log = quietLog();
  const largeBodies = createLargeBodies({
    ...{ profile: PROFILE, maxResultBytes: MAX_RESULT_BYTES, callbackSecrets: [SECRET], log },
    ...options,
  });
  onTestFinished(largeBodies.close);
  return { ...largeBodies, log };
}

/** The callback with its large documents parsed, and its bytes in one type. */
function comparable(callback: ParsedCallback): unknown {
  const plain: unknown = JSON.parse(JSON.stringify(callback));
  const { evidence } = callback.type === 'callback' ? callback.report : {};
  return evidence === undefined ? plain : { plain: { ...(plain as object), report: null }, evidence: [...evidence] };
}

test('a body with many values is large in every format', () => {
  for (const [format, body] of Object.entries(BODIES)) {
    expect(isLargeBody(Buffer.from(body)), format).toBe(true);
    expect(isLargeBody(Buffer.from(body, 'utf16le')), `${format} in UTF-16`).toBe(true);
  }
});

test('a long body is large whatever it has, and a short one with few values is not', () => {
  expect(isLargeBody(Buffer.from(`{"status":"COMPLETED","result":"${'x'.repeat(66_000)}"}`))).toBe(true);
  expect(isLargeBody(Buffer.from(`{"status":"COMPLETED","result":"${'x'.repeat(60_000)}"}`))).toBe(false);
  expect(isLargeBody(Buffer.from(`{"status":"COMPLETED","result":[${'1,'.repeat(1_900)}1]}`))).toBe(false);
});

test('a callback is read on the thread as without it, and a large result stays text', async () => {
  const { parseCallback: parse } = thread();
  for (const [format, body] of Object.entries(BODIES)) {
    const bytes = Buffer.from(body);
    const expected = parseCallback(PROFILE, bytes, null);
    const found = await parse(bytes, null);
    expect(comparable(found), format).toEqual(comparable(expected));
  }
  const found = await parse(Buffer.from(report), null);
  expect(found.type === 'callback' && LargeJson.is(found.report.result)).toBe(true);
  expect(writeJson(found)).toContain('{"n":1.50}');
});

test('large documents are made comparable, unless their texts are the same', async () => {
  const { prepareComparison } = thread();
  const [one, other] = [LargeJson.from(list), LargeJson.from(list.replaceAll('1.50', '1.5'))];
  await prepareComparison(one, LargeJson.from(list));
  await prepareComparison(one, other);
  expect(canonicalJson(one)).toBe(canonicalJson(other));
});

test('a body beyond the memory of the thread ends its thread alone: the next one is read', {
  timeout: 60_000,
}, async () => {
  const { parseCallback: parse, log } = thread({ maxHeapMb: 24 });
  const tooMuch = Buffer.from(`{"status":"COMPLETED","result":[${'{"a":{}},'.repeat(400_000)}0]}`);
  const [first, second] = await Promise.allSettled([parse(tooMuch, null), parse(Buffer.from(report), null)]);
  expect(first).toMatchObject({ status: 'rejected', reason: expect.any(TooManyValues) });
  expect(second).toMatchObject({ status: 'fulfilled', value: { executionId: 'cx-1' } });
  expect(log.lines.map(({ message }) => message)).toEqual(['the thread for large bodies failed']);
});

test('what waits at the end is rejected', async () => {
  const { parseCallback: parse, close } = thread();
  const waiting = [parse(Buffer.from(report), null), parse(Buffer.from(report), null)];
  close();
  for (const one of [...waiting, parse(Buffer.from(report), null)]) {
    await expect(one).rejects.toThrow('the receiver is closing');
  }
});
