// The rows through which receivers reach the one that leads: its state, orders, and reports.

import { afterEach, describe, expect, test } from 'vitest';
import { systemWorld } from '../../../src/lib/world.ts';
import { openPostgresStore, type PostgresStore } from '../../../src/store/postgres/store.ts';
import { createReusedDatabase, serverUrl, withClient } from '../../support/postgres/databases.ts';
import { quietLog } from '../../support/quiet-log.ts';

const database = createReusedDatabase();
const opened: PostgresStore[] = [];

afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
});

async function twoStores() {
  const url = await database();
  for (let n = 0; n < 2; n += 1) {
    opened.push(await openPostgresStore({ url, world: systemWorld, log: quietLog() }));
  }
  const [leader, other] = opened as [PostgresStore, PostgresStore];
  return { url, leader: leader.leaderChannel, other: other.leaderChannel, stores: [leader, other] as const };
}

describe.skipIf(serverUrl === null)('the rows of the leader on PostgreSQL', () => {
  test('what the leader publishes is read at the others, until it is too old', async () => {
    const { url, leader, other } = await twoStores();
    expect(await other.state.published(15_000)).toBe(null);
    await leader.state.publish({ circuits: [] });
    await leader.state.publish({ circuits: ['one'], text: 'a NUL \0 and half a pair \ud800' });
    expect(await other.state.published(15_000)).toEqual({
      circuits: ['one'],
      text: 'a NUL \0 and half a pair \ud800',
    });
    await withClient(url, (client) => client.query("UPDATE leader_state SET at = at - interval '16 seconds'"));
    expect(await other.state.published(15_000)).toBe(null);
  });

  test('a leader takes a hand-over of the one right before it, once, and none of an earlier one', async () => {
    const { url, stores } = await twoStores();
    const [first, second] = stores;
    const another = async () => {
      const store = await openPostgresStore({ url, world: systemWorld, log: quietLog() });
      opened.push(store);
      return store;
    };
    const taken = async ({ leadership, leaderChannel }: PostgresStore) => {
      await expect.poll(leadership.leads).toBe(true);
      return [await leaderChannel.state.takeHandOver(), await leaderChannel.state.takeHandOver()];
    };
    // No other one has led before the first one.
    expect(await taken(first)).toEqual([true, false]);
    await expect(second.leaderChannel.state.takeHandOver()).rejects.toThrow('another receiver leads');
    await first.leadership.handOver(async () => {});
    // It ends without a hand-over, and before it has taken that of the first one.
    await expect.poll(second.leadership.leads).toBe(true);
    const third = await another();
    await second.close();
    expect(await taken(third)).toEqual([false, false]);
    await third.leadership.handOver(async () => {});
    expect(await taken(await another())).toEqual([true, false]);
  });

  test('an order is taken once, by whichever leader takes it, and has its result afterwards', async () => {
    const { leader, other } = await twoStores();
    const ids = [await other.orders.give('probe', { app: 'shop' }), await other.orders.give('lift-pause', {})];
    expect(await other.orders.stateOf(ids[0] as number)).toMatchObject({ state: 'waiting' });
    const taken = (await Promise.all([leader.orders.take(), other.orders.take()])).flat();
    expect(taken.map(({ id }) => id).toSorted((a, b) => a - b)).toEqual(ids);
    expect(taken.find(({ id }) => id === ids[0])).toMatchObject({ kind: 'probe', body: { app: 'shop' } });
    expect(await leader.orders.take()).toEqual([]);
    expect(await other.orders.stateOf(ids[0] as number)).toMatchObject({ state: 'taken' });
    await leader.orders.end(ids[0] as number, { lifted: null });
    expect(await other.orders.stateOf(ids[0] as number)).toEqual({ state: 'done', result: { lifted: null } });
  });

  test('an order can be withdrawn until it is taken', async () => {
    const { leader, other } = await twoStores();
    const id = await other.orders.give('probe', {});
    expect(await other.orders.withdraw(id)).toBe(true);
    expect(await leader.orders.take()).toEqual([]);
    const second = await other.orders.give('probe', {});
    await leader.orders.take();
    expect(await other.orders.withdraw(second)).toBe(false);
  });

  test('old orders are removed with the next one', async () => {
    const { url, other } = await twoStores();
    const id = await other.orders.give('probe', {});
    await withClient(url, (client) =>
      client.query("UPDATE leader_orders SET given_at = given_at - interval '11 minutes'"),
    );
    await other.orders.give('probe', {});
    expect(await other.orders.stateOf(id)).toBe(undefined);
  });

  test('the newest reports stay, and those that run are known', async () => {
    const { leader, other } = await twoStores();
    for (const id of ['a', 'b', 'c', 'd']) await leader.reports.save({ id, hasEnded: id !== 'd', report: { id } }, 3);
    await leader.reports.save({ id: 'c', hasEnded: true, report: { id: 'c', counts: 2 } }, 3);
    const found = await Promise.all(['a', 'b', 'c', 'd'].map((id) => other.reports.find(id)));
    expect(found).toEqual([undefined, { id: 'b' }, { id: 'c', counts: 2 }, { id: 'd' }]);
    expect(await other.reports.running()).toEqual([{ id: 'd' }]);
  });
});
