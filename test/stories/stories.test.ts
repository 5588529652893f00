// Stories across the whole service: the results for apps, CXone and operators in normal operation and under faults.

import { expect, test } from 'vitest';
import type { AuditEntry } from '../../src/client/types.ts';
import { freePort } from '../../src/lib/free-port.ts';
import { OPERATOR_KEY, OTHER_APP_KEY, type Stage, setStage } from './stage.ts';

const WINDOW = { graceSeconds: 10, timeoutSeconds: 30 };

function runsOf(stage: Stage, id: string): number {
  return stage.simulator.execution(id)?.runs ?? 0;
}

test('a submission is answered at once, and a held request returns the outcome when the callback arrives', async () => {
  const stage = await setStage();
  const id = await stage.submit({ runMs: 5000 });
  await stage.untilStatus(id, 'PENDING');
  const held = stage.request('GET', `/v1/executions/${id}`, { prefer: 'wait=30' });
  await stage.pass(5000);
  const { status, headers, body } = await held;
  expect([status, headers.get('preference-applied')]).toEqual([200, 'wait=30']);
  expect(body).toMatchObject({ status: 'COMPLETED', resolvedBy: 'callback', pollCount: 0 });
  expect(await stage.events(id)).toEqual(['ACCEPTED', 'DISPATCHED', 'SUBMITTED', 'CALLBACK_COMPLETED']);
});

test('a poll after the grace period finds the result of a lost callback', async () => {
  const stage = await setStage();
  const id = await stage.submit('lost-callback', WINDOW);
  await stage.untilStatus(id, 'PENDING');
  await stage.pass(9_500);
  expect(await stage.get(id)).toMatchObject({ status: 'PENDING', pollCount: 0 });
  await stage.pass(1_500);
  await stage.untilStatus(id, 'COMPLETED');
  expect(await stage.get(id)).toMatchObject({ resolvedBy: 'poll', pollCount: 1 });
});

test('an app sees only its own executions, an operator all', async () => {
  const stage = await setStage();
  const id = await stage.submit('callback');
  const path = `/v1/executions/${id}`;
  const foreign = await stage.request('GET', path, { key: OTHER_APP_KEY });
  const unknown = await stage.request('GET', '/v1/executions/unknown', { key: OTHER_APP_KEY });
  expect([foreign.status, foreign.body]).toEqual([unknown.status, unknown.body]);
  expect((await stage.request('GET', path, { key: OPERATOR_KEY })).body).toMatchObject({ app: 'shop' });
  expect((await stage.request('GET', '/v1/executions', { key: OTHER_APP_KEY })).body.items).toEqual([]);
});

test('callbacks, polls and the deadline at the same moment yield one outcome, and an audit entry from each', async () => {
  const stage = await setStage();
  const burst = { runMs: 20_000, callbacks: [{ copies: 20 }] };
  const ids = await Promise.all(
    [1, 2, 3, 4, 5].map(() => stage.submit(burst, { graceSeconds: 0, timeoutSeconds: 20 })),
  );
  for (const id of ids) await stage.untilStatus(id, 'PENDING');
  await stage.pass(25_000, 250);
  for (const id of ids) {
    await stage.until(() => stage.simulator.execution(id)?.callbacks.length === 20);
    const events = await stage.events(id);
    expect((await stage.get(id)).status).toMatch(/^(COMPLETED|TIMEOUT)$/);
    expect(events.filter((event) => event.startsWith('CALLBACK'))).toHaveLength(20);
    const { items } = (await stage.request('GET', `/v1/executions/${id}/audit?limit=200`)).body;
    const winners = items.filter(
      ({ event, detail }: AuditEntry) =>
        ['CALLBACK_COMPLETED', 'POLL_COMPLETED', 'POLL_TIMEOUT'].includes(event) && detail['outcome'] !== 'duplicate',
    );
    expect(winners).toHaveLength(1);
  }
});

test('an outage of CXone for a minute loses nothing, repeats nothing, and every execution ends', async () => {
  const stage = await setStage();
  const before = await Promise.all(Array.from({ length: 10 }, () => stage.submit('lost-callback', WINDOW)));
  for (const id of before) await stage.untilStatus(id, 'PENDING');
  stage.simulator.outage({ answer: 503, ms: 60_000 });
  const during = await Promise.all(Array.from({ length: 10 }, () => stage.submit('callback')));
  await stage.pass(55_000, 1_000);
  for (const id of during) expect(await stage.get(id)).toMatchObject({ status: 'QUEUED' });
  await stage.pass(60_000, 1_000);
  for (const id of [...before, ...during]) {
    await stage.untilStatus(id, 'COMPLETED');
    expect(runsOf(stage, id)).toBe(1);
  }
});

test('when CXone resets every connection, an execution that it possibly received is not sent again', async () => {
  const stage = await setStage();
  stage.simulator.outage({ answer: 'reset', ms: 10_000, calls: ['execute'] });
  const id = await stage.submit('callback', { graceSeconds: 0, timeoutSeconds: 20 });
  await stage.untilStatus(id, 'UNCONFIRMED');
  await stage.pass(21_000);
  await stage.untilStatus(id, 'TIMEOUT');
  expect(stage.simulator.stats().requests.execute).toBe(1);
  expect(await stage.events(id)).toEqual(['ACCEPTED', 'DISPATCHED', 'NETWORK_ERROR', 'POLL_TIMEOUT']);
});

test('an execution whose deadline passed while the receiver was down is polled once more, and its result is found', async () => {
  const stage = await setStage();
  const ended = await stage.submit('lost-callback', WINDOW);
  const endless = await stage.submit('never-ends', WINDOW);
  const unsent = await stage.submit({ submits: [{ answer: 503 }, { answer: 200 }] });
  for (const id of [ended, endless]) await stage.untilStatus(id, 'PENDING');
  await stage.until(async () => (await stage.events(unsent)).includes('FAILED'));
  await stage.stop();
  await stage.world.advance(2 * 24 * 3600 * 1000);
  await stage.restart();
  await stage.pass(2_000);
  await stage.untilStatus(ended, 'COMPLETED');
  await stage.untilStatus(endless, 'TIMEOUT');
  await stage.untilStatus(unsent, 'TIMEOUT');
  expect(await stage.get(endless)).toMatchObject({ pollCount: 1, resolvedBy: 'deadline' });
  expect(runsOf(stage, unsent)).toBe(0);
});

test('a poll replaces a callback that arrives while the receiver is down', async () => {
  const stage = await setStage();
  const id = await stage.submit({ runMs: 5_000 }, WINDOW);
  await stage.untilStatus(id, 'PENDING');
  await stage.stop();
  await stage.world.advance(5_000);
  await stage.simulator.quiet();
  await stage.restart();
  await stage.pass(6_000);
  await stage.untilStatus(id, 'COMPLETED');
  expect(await stage.get(id)).toMatchObject({ resolvedBy: 'poll' });
});

test('every submission with a 202 survives a stop under load, and runs once', async () => {
  const stage = await setStage();
  const accepted: string[] = [];
  const refused: number[] = [];
  const submit = async () => {
    const body = { actionId: 'charge', inputs: {} };
    const answer = await stage.request('POST', '/v1/executions', { body }).catch(() => null);
    if (answer?.status === 202) accepted.push(answer.body.correlationId);
    else if (answer) refused.push(answer.status);
  };
  const load = Array.from({ length: 100 }, submit);
  await Promise.race(load);
  const stopping = stage.stop();
  load.push(...Array.from({ length: 100 }, submit));
  await Promise.all([Promise.all(load), stopping, stage.pass(2_000)]);
  expect(accepted.length).toBeGreaterThan(0);
  expect(new Set(refused)).toEqual(refused.length > 0 ? new Set([503]) : new Set());
  await stage.restart();
  await stage.pass(30_000);
  for (const id of accepted) {
    await stage.untilStatus(id, 'COMPLETED');
    expect(runsOf(stage, id)).toBe(1);
  }
});

test('a token that CXone revokes is renewed once, and nothing is lost', async () => {
  const stage = await setStage();
  await stage.submit('callback');
  await stage.until(() => stage.simulator.stats().requests.execute === 1);
  stage.simulator.revokeTokens();
  const ids = await Promise.all(Array.from({ length: 8 }, () => stage.submit('callback')));
  for (const id of ids) await stage.untilStatus(id, 'COMPLETED');
  expect(stage.simulator.stats().requests.token).toBe(2);
});

test('missing scopes are reported at start', async () => {
  const stage = await setStage({}, { scope: 'dx:actions:execute' });
  const missing = () => stage.log.lines.filter((line) => JSON.stringify(line).includes('dx:actions:read'));
  await stage.until(() => missing().length > 0);
  expect(missing()).toMatchObject([{ level: 'warn' }]);
});

test('a separate port for the webhook serves nothing else, and the other port serves no webhook', async () => {
  const free = await freePort();
  const stage = await setStage({ CALLBACK_PORT: String(free) });
  const { url, webhookUrl } = stage.service();
  const id = await stage.submit('callback');
  await stage.untilStatus(id, 'COMPLETED');
  const path = '/webhook/cxone-execution/some-token';
  const answers = await Promise.all([
    ...['/livez', '/readyz', '/v1/executions', '/metrics'].map((other) => fetch(webhookUrl + other)),
    fetch(url + path, { method: 'POST' }),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404, 404]);
});

test('the service is ready while it works, also without CXone, and not while it drains', async () => {
  const stage = await setStage();
  const ready = async () => (await stage.request('GET', '/readyz')).status;
  expect(await ready()).toBe(200);
  stage.simulator.outage({ answer: 'reset', ms: 60_000 });
  await stage.submit('callback');
  await stage.pass(30_000);
  expect(await ready()).toBe(200);
  stage.simulator.outage({ answer: 503, ms: 0 });
  const slow = await stage.submit({ latencyMs: 5_000 });
  await stage.pass(5_000);
  await stage.untilStatus(slow, 'UNCONFIRMED');
  const stopping = stage.stop();
  expect(await ready()).toBe(503);
  const refused = await stage.request('POST', '/v1/executions', { body: { actionId: 'charge' } });
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, expect.stringMatching(/^\d+$/)]);
  await stage.pass(10_000);
  await stopping;
});

test('metrics show outcomes and limits, to operators only', async () => {
  const stage = await setStage();
  const id = await stage.submit('callback');
  await stage.untilStatus(id, 'COMPLETED');
  expect((await stage.request('GET', '/metrics')).status).toBe(403);
  const response = await fetch(`${stage.service().url}/metrics`, {
    headers: { authorization: `Bearer ${OPERATOR_KEY}` },
  });
  const text = await response.text();
  expect(text).toContain('cxone_receiver_executions_resolved_total{status="COMPLETED",resolved_by="callback"} 1');
  expect(text).toContain('cxone_receiver_open_executions{status="QUEUED"} 0');
  expect(text).toContain('cxone_receiver_callbacks_total{outcome="resolved"} 1');
});

test('every accepted execution is accounted for after all of it', async () => {
  const stage = await setStage();
  await Promise.all((['callback', 'lost-callback', 'refused-400'] as const).map((fate) => stage.submit(fate)));
  await stage.pass(30_000);
  expect(await stage.rows('SELECT * FROM conservation')).toEqual([
    { accepted: 3, terminal: 3, open: 0, difference: 0 },
  ]);
});
