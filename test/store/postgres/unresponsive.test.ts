// A database that does not respond any more, as when its machine or the network between is gone: nothing waits for its connections.

import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { systemWorld, type World } from '../../../src/lib/world.ts';
import { StoreUnavailable } from '../../../src/store/port.ts';
import { openPostgresStore, type PostgresStore } from '../../../src/store/postgres/store.ts';
import { anExecution } from '../../support/executions.ts';
import { createReusedDatabase, serverUrl } from '../../support/postgres/databases.ts';
import { startWatchedProxy } from '../../support/postgres/watched-proxy.ts';
import { quietLog } from '../../support/quiet-log.ts';

/** Times that the time of the receiver is as fast: a busy machine must stay below what counts as lost, 8 s, which last for 2. */
const FAST = 4;
const fastWorld: Pick<World, 'now' | 'elapsed' | 'sleep'> = {
  now: systemWorld.now,
  elapsed: () => systemWorld.elapsed() * FAST,
  sleep: (ms, signal) => systemWorld.sleep(ms / FAST, signal),
};

const database = createReusedDatabase();
const opened: PostgresStore[] = [];

afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
});

const asNew = (execution = anExecution()) => ({ execution, fingerprint: 'print', queueCapacity: 10_000 });

describe.skipIf(serverUrl === null)('a database that does not respond any more', () => {
  test('fails what waits for it, reads too, and the receiver connects again', async () => {
    const proxy = await startWatchedProxy(await database());
    onTestFinished(proxy.close);
    const store = await openPostgresStore({ url: proxy.url, world: fastWorld, log: quietLog() });
    opened.push(store);
    const execution = anExecution();
    await store.add(asNew(execution));
    await store.takeSubmissions('shop', 10, [1]);
    const find = () => store.find(execution.correlationId);
    await Promise.all([find(), find(), find(), find()]);
    // The connections that are open stay without a response. New ones have one.
    proxy.hold();
    const waiting = [find(), find(), find(), find(), store.takeSubmissions('shop', 10, [1]), store.add(asNew())];
    for (const { status, reason } of (await Promise.allSettled(waiting)) as PromiseRejectedResult[]) {
      expect([status, reason]).toEqual(['rejected', expect.any(StoreUnavailable)]);
    }
    await expect.poll(() => store.add(asNew()).then(({ outcome }) => outcome, String)).toBe('added');
    expect(await find()).toBeDefined();
  });
});
