// Many readers that come and go while commits go on, over real sockets and the real database: each gets everything once.

import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { systemWorld } from '../../../src/lib/world.ts';
import type { FeedQuery } from '../../../src/store/port.ts';
import { createSqliteStore } from '../../../src/store/sqlite/store.ts';
import { createStreams } from '../../../src/usecases/follow-events/streams.ts';
import { eventually } from '../../support/eventually.ts';
import { anExecution, callback, completed, NOON, RUNNING } from '../../support/executions.ts';
import { fatal } from '../../support/fatal.ts';
import { seededRandom } from '../../support/manual-world.ts';
import { quietLog } from '../../support/quiet-log.ts';
import { follow } from '../../support/sse.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { ALICE_KEY, BILLING_KEY, head, ORDERS_KEY, startHttp, wire } from '../harness.ts';

/** Much is written here, and the machine may be busy with other tests. */
const PATIENT = { timeout: 120_000 };

async function stage() {
  const path = join(temporaryFolder(), 'receiver.db');
  const store = createSqliteStore({ path, world: systemWorld, log: quietLog(), fatal });
  onTestFinished(() => store.close());
  const streams = createStreams(store, systemWorld);
  const http = await startHttp({ store, events: { streams } });
  onTestFinished(() => http[Symbol.asyncDispose]());
  const add = async (app: string) => {
    const execution = anExecution({ app });
    await store.add({ execution, fingerprint: 'print', queueCapacity: 100_000 });
    return execution;
  };
  return { http, store, streams, add };
}

test(
  'readers that drop and resume at random while commits go on miss nothing and get nothing twice',
  PATIENT,
  async () => {
    const { http, store, streams, add } = await stage();
    const random = seededRandom(7);
    const first = await add('orders');
    let writing = true;

    const allOf = async (subject: Pick<FeedQuery, 'app' | 'correlationId'>): Promise<number[]> => {
      const all: number[] = [];
      for (let after = 0, newest = 1; after < newest; ) {
        const feed = await store.feed({ ...subject, after, limit: 1_000 });
        all.push(...feed.entries.map(({ id }) => id));
        ({ through: after, newest } = feed);
      }
      return all;
    };

    const read = async (key: string, subject: Pick<FeedQuery, 'app' | 'correlationId'>) => {
      const { correlationId } = subject;
      const path = correlationId === undefined ? '/v1/events' : `/v1/executions/${correlationId}/events`;
      const got: number[] = [];
      let last = '0';
      let connections = 0;
      const upTo = async () => (writing ? Number.POSITIVE_INFINITY : ((await allOf(subject)).at(-1) ?? 0));
      for (let target = await upTo(); Number(last) < target; target = await upTo()) {
        await using stream = await follow(http.url + path, key, last);
        connections += 1;
        // Goes away after some events, wherever in the stream that is; the last connection stays until all is there.
        const enough = 1 + Math.floor(random() * 40);
        const all = stream.until(() => stream.events.length >= enough || Number(stream.lastEventId) >= target);
        await Promise.race([all.catch(() => {}), new Promise((resolve) => setTimeout(resolve, 30 + 70 * random()))]);
        await stream.close();
        got.push(...stream.ids);
        last = stream.lastEventId || last;
      }
      return { subject, got, connections };
    };
    const readers = [
      read(ALICE_KEY, { app: null }),
      read(ALICE_KEY, { app: null }),
      read(ORDERS_KEY, { app: 'orders' }),
      read(BILLING_KEY, { app: 'billing' }),
      read(ORDERS_KEY, { app: 'orders', correlationId: first.correlationId }),
    ];

    const writer = async (app: string) => {
      for (let i = 0; i < 40; i += 1) {
        const { reference } = await add(app);
        const commits = [
          store.record(reference, callback(RUNNING), NOON),
          store.record(reference, callback(completed()), NOON),
        ];
        if (random() < 0.2) commits.push(store.record(first.reference, callback(RUNNING), NOON));
        await Promise.all(commits);
        if (random() < 0.3) await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    await Promise.all([writer('orders'), writer('billing'), writer('orders')]);
    writing = false;

    let total = 0;
    for (const { subject, got, connections } of await Promise.all(readers)) {
      expect({ subject, got }).toEqual({ subject, got: await allOf(subject) });
      total += connections;
    }
    expect(total).toBeGreaterThan(10);
    await eventually(() => streams.size === 0);
  },
);

test('readers that stop reading cost no memory, however much there is for them', PATIENT, async () => {
  const { http, store, streams, add } = await stage();
  const long = 'x'.repeat(50_000);
  // A few contradictions for each execution: the trail bounds the evidence of one, and counts numerous repeats.
  const write = async (count: number) => {
    for (let i = 0; i < count; i += 20) {
      const { reference } = await add('orders');
      await store.record(reference, callback(completed()), NOON);
      await Promise.all(
        Array.from({ length: 20 }, (_, k) => store.record(reference, callback(completed({ at: i + k, long })), NOON)),
      );
    }
  };
  await write(100);
  const stuck = Array.from({ length: 30 }, () => {
    const raw = wire(http.port);
    raw.socket.pause();
    raw.send(head('GET', '/v1/events', { authorization: `Bearer ${ORDERS_KEY}`, 'last-event-id': '0' }));
    return raw;
  });
  onTestFinished(() => {
    for (const { socket } of stuck) socket.destroy();
  });
  await eventually(() => streams.size === 30);
  await using good = await follow(`${http.url}/v1/events`, ORDERS_KEY);
  await write(200);
  const newest = (await store.head()).id;
  await good.until(() => good.ids.at(-1) === newest);
  // Each has 15 MB to get, which makes 450 MB.
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  expect(heapUsed + arrayBuffers).toBeLessThan(250_000_000);
  expect(streams.size).toBe(31);
});
