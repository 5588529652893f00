// A tenant that speaks quite differently: the whole client by another profile, over real HTTP.

import { Buffer } from 'node:buffer';
import { describe, expect, test } from 'vitest';
import { loadProfile } from '../../src/cxone/profile/profile.ts';
import { anExecution } from '../support/executions.ts';
import { type Answer, sendJson, startUpstream } from '../support/upstream.ts';
import { aPolled, CALLBACK_URL, SECRET, startClient } from './harness.ts';

const profile = loadProfile('test/support/profiles/job-service.json');

async function startJobService(answer: Answer) {
  const service = await startUpstream((request, response) => {
    if (request.url !== '/auth/connect/token?version=2') return answer(request, response);
    sendJson(response, 200, { data: { token: 'job-token', lifetime: '3600' } });
  });
  return { service, cxone: startClient(service.url, { profile }).cxone };
}

describe('by another profile', () => {
  test('the token is asked for with Basic authentication and further parameters', async () => {
    const { service, cxone } = await startJobService(() => {});
    await cxone.authorize();
    const [request] = service.received;
    const credentials = Buffer.from((request?.headers.authorization ?? '').replace('Basic ', ''), 'base64').toString();
    expect(credentials).toBe(`client:${SECRET}`);
    expect(request?.body).toBe('audience=jobs&grant_type=client_credentials');
    expect(cxone.missingScopes()).toEqual([]);
  });

  test.each(['"job/7"', 'job/7'])('a submission is placed as it says, and its answer %s is the id', async (body) => {
    const { service, cxone } = await startJobService((_, response) => response.writeHead(201).end(body));
    const inputs = { amount: 42, version: 'mine' };
    const execution = anExecution({
      actionId: 'charge~card',
      correlationId: 'order-1',
      inputs,
      context: { locale: 'de', version: 1 },
    });
    const answer = await cxone.execute(execution, CALLBACK_URL);
    expect(answer).toMatchObject({
      type: 'submitted',
      executionId: 'job/7',
      report: { kind: 'progress', statusWord: null },
    });
    const [request] = service.to('/jobs');
    expect(request?.url).toBe('/jobs?type=charge~card');
    expect(request?.headers['x-correlation-id']).toBe(undefined);
    expect(request?.headers.authorization).toBe('Bearer job-token');
    expect(JSON.parse(request?.body ?? '')).toEqual({
      mode: 'async',
      notify: { verb: 'POST', url: CALLBACK_URL, reference: 'order-1' },
      // The context stands around the inputs, and the constant member wins over an app's of the same name.
      job: { locale: 'de', version: 2, parameters: inputs },
    });
    expect(execution.inputs).toEqual({ amount: 42, version: 'mine' });
    expect(execution.context).toEqual({ locale: 'de', version: 1 });
  });

  test('a poll finds the status where it is nested', async () => {
    const { service, cxone } = await startJobService((_, response) =>
      sendJson(response, 200, { jobStatus: { status: 'SUCCEEDED', output: [1, 2] } }),
    );
    expect(await cxone.poll(aPolled('job/7'))).toMatchObject({
      type: 'polled',
      report: { kind: 'completed', statusWord: 'SUCCEEDED', result: [1, 2], error: null },
    });
    const [request] = service.to('/jobs');
    expect(request).toMatchObject({ method: 'GET', url: '/jobs/job%2F7/status' });
    expect(request?.headers['x-request-id']).toBe('order-1');
  });

  test('its own words count, the built-in ones do not', async () => {
    const { cxone } = await startJobService(({ url }, response) =>
      sendJson(response, 200, {
        jobStatus: { status: url.includes('/7/') ? 'killed' : 'FAILED', problem: { text: 'oom' } },
      }),
    );
    expect(await cxone.poll(aPolled('7'))).toMatchObject({
      report: { kind: 'failed', statusWord: 'killed', error: 'oom' },
    });
    expect(await cxone.poll(aPolled('8'))).toMatchObject({ report: { kind: 'progress', statusWord: 'FAILED' } });
  });

  test('404 means "not yet"', async () => {
    const { cxone } = await startJobService((_, response) => sendJson(response, 404, 'no such job'));
    expect(await cxone.poll(aPolled('7'))).toMatchObject({ type: 'not-found', httpStatus: 404, isNotYet: true });
  });

  test('a callback is read where it says', async () => {
    const { cxone } = await startJobService(() => {});
    const body = { job: { id: 12345 }, jobStatus: { status: 'Crashed', problem: { code: 9 } } };
    expect(cxone.parseCallback(Buffer.from(JSON.stringify(body)), 'text/plain')).toEqual({
      type: 'callback',
      executionId: '12345',
      report: { kind: 'failed', statusWord: 'Crashed', result: null, error: { code: 9 } },
    });
    expect(cxone.parseCallback(Buffer.from('{"status":"COMPLETED"}'), null)).toMatchObject({
      type: 'callback-unreadable',
    });
  });
});
