// Responses of CXone with many values are classified as small ones are, and large submissions are sent as they came.

import { expect, test } from 'vitest';
import type { PollResponse } from '../../src/cxone/port.ts';
import { loadProfile } from '../../src/cxone/profile/profile.ts';
import { type JsonObject, LargeJson, parseJson, writeJson } from '../../src/execution/json.ts';
import { anExecution } from '../support/executions.ts';
import { sendJson, startUpstream } from '../support/upstream.ts';
import { aPolled, CALLBACK_URL, startClient, startTenant } from './harness.ts';

const list = `[${Array(3_000).fill('1.50').join()}]`;
const JSON_TYPE = { 'content-type': 'application/json' };

/** Returns the responses to a poll and to a submission. @param announced more bytes than are sent */
async function responsesOf(status: number, body: string, announced = 0) {
  const tenant = await startTenant((_, response) => {
    const length = Buffer.byteLength(body) + announced;
    response.writeHead(status, { ...JSON_TYPE, ...(announced > 0 && { 'content-length': length }) });
    response.write(body, () => (announced > 0 ? response.destroy() : response.end()));
  });
  const { cxone, log } = startClient(tenant.url);
  return {
    polled: await cxone.poll(aPolled('cx-1')),
    submitted: await cxone.execute(anExecution(), CALLBACK_URL),
    log,
  };
}

test('a large result stays text, from a poll and from a submit response', async () => {
  const { polled, submitted } = await responsesOf(200, `{"status":"COMPLETED","executionId":"cx-1","result":${list}}`);
  expect(polled).toMatchObject({
    type: 'polled',
    httpStatus: 200,
    namedExecutionId: 'cx-1',
    report: { kind: 'completed' },
  });
  expect(submitted).toMatchObject({ type: 'submitted', executionId: 'cx-1', report: { kind: 'completed' } });
  for (const response of [polled, submitted]) {
    const result = 'report' in response ? response.report.result : null;
    expect(LargeJson.is(result) && result.text).toBe(list);
  }
});

test('members that the profile does not read are noted, with the body', async () => {
  const body = `{"status":"COMPLETED","output":${list}}`;
  const { polled, submitted } = await responsesOf(200, body);
  for (const response of [polled, submitted]) {
    const { notes } = response as Extract<PollResponse, { type: 'polled' }>;
    expect(notes).toMatchObject({ unread: [{ pointer: '/output', text: null }] });
    expect(Buffer.from(notes?.body.bytes ?? []).toString()).toBe(body);
  }
});

test('errors are quoted from large bodies as from small ones', async () => {
  const error = `{"details":${list},"message":"the cupboard is bare"}`;
  for (const status of [400, 500]) {
    const { polled, submitted } = await responsesOf(status, error);
    const message = `CXone answered ${status}: the cupboard is bare`;
    expect(polled).toMatchObject({ type: 'failed', httpStatus: status, message });
    expect(submitted).toMatchObject({ type: status === 400 ? 'refused' : 'uncertain', message });
  }
  const { polled, submitted } = await responsesOf(200, error);
  expect(polled).toMatchObject({
    type: 'failed',
    message: 'no status at "/status": CXone answered 200: the cupboard is bare',
  });
  expect(submitted).toMatchObject({ type: 'submitted', executionId: null, report: { kind: 'progress' } });
});

test('of a large response that was cut off, a complete document counts as with a small one', async () => {
  const whole = `{"status":"COMPLETED","executionId":"cx-1","result":${list}}`;
  const complete = await responsesOf(200, whole, 10);
  const small = await responsesOf(200, whole.replace(list, '1'), 10);
  expect(complete.polled).toMatchObject({
    type: 'failed',
    found: { namedExecutionId: 'cx-1', report: { kind: 'completed' } },
  });
  expect(Object.keys(complete.polled)).toEqual(Object.keys(small.polled));
  expect(complete.submitted).toMatchObject({
    type: 'submitted',
    executionId: 'cx-1',
    report: { kind: 'progress', result: null },
  });
  const incomplete = await responsesOf(200, whole.slice(0, -2), 10);
  expect(incomplete.polled).not.toHaveProperty('found');
  expect(incomplete.submitted).toMatchObject({ type: 'submitted', executionId: null });
});

test('a token response that would delay callbacks is not read to its end', async () => {
  const tenant = await startUpstream((_, response) => {
    response.writeHead(200, JSON_TYPE).end(`{"more":[${'[],'.repeat(200_000)}0],"access_token":"t1"}`);
  });
  const { cxone } = startClient(tenant.url);
  await expect(cxone.authorize()).rejects.toThrow('the response is incomplete (it is larger than 262144 bytes)');
});

const members = `{${Array.from({ length: 3_000 }, (_, i) => `"m${i}":1.50`).join()}}`;

test.each(['inputs', 'context'])('large %s are sent as they were submitted', async (member) => {
  const tenant = await startUpstream((request, response) => {
    if (request.url.endsWith('/oauth/token')) return sendJson(response, 200, { access_token: 't1', expires_in: 3600 });
    sendJson(response, 202, { executionId: 'cx-1', status: 'RUNNING' });
  });
  const { cxone } = startClient(tenant.url);
  const execution = { ...anExecution(), [member]: LargeJson.asText(members) as JsonObject };
  expect(await cxone.execute(execution, CALLBACK_URL)).toMatchObject({ type: 'submitted', executionId: 'cx-1' });
  const small = { ...execution, [member]: parseJson(members) as JsonObject };
  const direct = startClient(tenant.url);
  await direct.cxone.execute(small, CALLBACK_URL);
  const [first, second] = tenant.to('/api/v2/dx').map(({ body }) => body);
  expect(first).toBe(second);
  expect(first).toContain(writeJson(small[member as 'inputs']).slice(1, -1));
  expect(first).toContain(CALLBACK_URL);
});

test('parts that a profile cannot carry are found in large submissions', async () => {
  const cxone = (name: string) => startClient('http://127.0.0.1:9', { profile: loadProfile(name) }).cxone;
  const large = { actionId: 'a', inputs: LargeJson.asText(`{"parameters":${list}}`) as JsonObject, context: {} };
  const small = { ...large, inputs: parseJson(`{"parameters":${list}}`) as JsonObject };
  for (const name of ['cxone', 'cxone-script-start', 'cxone-jobs']) {
    expect(await cxone(name).unsupportedParts(large), name).toEqual(await cxone(name).unsupportedParts(small));
  }
  const context = { ...large, inputs: {}, context: LargeJson.asText(members) as JsonObject };
  expect(await cxone('cxone-script-start').unsupportedParts(context)).toMatchObject([{ pointer: '/context' }]);
});
