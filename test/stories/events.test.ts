// Events across a restart of the receiver: a reader misses nothing, and stopping does not wait for readers.

import { expect, onTestFinished, test } from 'vitest';
import { HEARTBEAT_MS } from '../../src/usecases/follow-events/stream.ts';
import { head, wire } from '../http/harness.ts';
import { callback, completed } from '../support/executions.ts';
import { type Follower, follow } from '../support/sse.ts';
import { OPERATOR_KEY, type Stage, setStage } from './stage.ts';

async function open(stage: Stage, path: string, lastEventId?: string): Promise<Follower> {
  const follower = await follow(stage.service().url + path, OPERATOR_KEY, lastEventId);
  onTestFinished(follower.close);
  return follower;
}

test('a reader sees an execution live from submission to outcome, and continues after a restart where it stopped', async () => {
  const stage = await setStage();
  const before = await open(stage, '/v1/events');
  await before.until(() => before.lastEventId !== '');
  const first = await stage.submit('callback');
  await stage.untilStatus(first, 'COMPLETED');
  await before.until(() => before.events.some(({ data }) => JSON.parse(data).terminalStatus === 'COMPLETED'));

  await stage.restart();
  await stage.until(() => before.over);
  const second = await stage.submit('callback');
  await stage.untilStatus(second, 'COMPLETED');
  const after = await open(stage, '/v1/events', before.lastEventId);
  const seen = () => [...before.events, ...after.events].map(({ data }) => JSON.parse(data));
  await after.until(() => seen().filter(({ terminalStatus }) => terminalStatus === 'COMPLETED').length === 2);
  const trails = await Promise.all(
    [first, second].map(async (id) => (await stage.request('GET', `/v1/executions/${id}/audit`)).body.items),
  );
  expect(seen().map(({ id }) => id)).toEqual(trails.flat().map(({ id }) => id));
});

test('stopping ends every stream at once, also one whose reader has stopped reading', async () => {
  const stage = await setStage();
  const id = await stage.submit('callback');
  await stage.untilStatus(id, 'COMPLETED');
  const { store } = stage.service();
  const { reference = '' } = (await store.find(id)) ?? {};
  // More than a connection can hold without a reader.
  const long = 'x'.repeat(100_000);
  for (let at = 0; at < 150; at += 1)
    await store.record(reference, callback(completed({ at, long })), stage.world.now());
  const streams = [await open(stage, '/v1/events'), await open(stage, `/v1/executions/${id}/events`)];
  const stuck = wire(Number(new URL(stage.service().url).port));
  stuck.socket.pause();
  stuck.send(head('GET', '/v1/events', { authorization: `Bearer ${OPERATOR_KEY}`, 'last-event-id': '0' }));
  await stage.until(async () => /open_streams 3$/m.test(await metrics(stage)));
  let stopped = false;
  const stopping = stage.stop().then(() => {
    stopped = true;
  });
  // Far less than the ten seconds that requests in progress may take.
  await stage.pass(2_000);
  await stage.until(() => stopped);
  await stopping;
  for (const stream of streams) expect(stream.over).toBe(true);
});

test('an idle reader gets a heartbeat across the whole service', async () => {
  const stage = await setStage();
  const stream = await open(stage, '/v1/events');
  await stream.until(() => stream.lastEventId !== '');
  // By then the stream waits for the next entry.
  await stage.pass(1_000);
  await stage.pass(3 * HEARTBEAT_MS, HEARTBEAT_MS);
  await stream.until(() => stream.comments.length === 3);
  expect(stream.events).toEqual([]);
});

async function metrics(stage: Stage): Promise<string> {
  const response = await fetch(`${stage.service().url}/metrics`, {
    headers: { authorization: `Bearer ${OPERATOR_KEY}` },
  });
  return response.text();
}
