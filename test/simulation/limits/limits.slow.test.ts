// The limits of all receivers together, in a time that the test moves: whatever ends a leader, CXone gets no more than its rate.

import { describe, expect, test } from 'vitest';
import { anExecution } from '../../support/executions.ts';
import { serverUrl } from '../../support/postgres/databases.ts';
import { mostInASecond } from './cxone.ts';
import { createFleet, type Fleet, type Member, STEP_MS } from './fleet.ts';

const RATE = 40;
/** 103 % of the rate. */
const MOST = Math.floor(1.03 * RATE);
const WEIGHTS = { shop: 3, other: 1 } as const;
type App = keyof typeof WEIGHTS;
const RECEIVERS = 4;

async function fourReceivers(): Promise<{ fleet: Fleet; members: Member[] }> {
  const weights = Object.entries(WEIGHTS).map((pair) => pair.join(':'));
  const fleet = await createFleet({
    ...{ RATE_LIMIT_PER_SECOND: String(RATE), MAX_CONCURRENT: '50', APP_WEIGHTS: weights.join() },
    QUEUE_TIMEOUT_SECONDS: '600',
  });
  const members: Member[] = [];
  for (let n = 0; n < RECEIVERS; n += 1) members.push(await fleet.start());
  return { fleet, members };
}

/** Submits executions of an app at a receiver. */
async function submit({ fleet, at }: { fleet: Fleet; at: Member }, app: App, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, n) => `${app}-${Math.round(fleet.elapsed())}-${n}`);
  const news = ids.map((id) => {
    const execution = anExecution({ app, correlationId: id, inputs: { app, id }, graceSeconds: 5 }, fleet.now());
    return { execution: { ...execution, dispatchAt: fleet.now() }, fingerprint: id, queueCapacity: 100_000 };
  });
  const added = await fleet.during(at.store.addAll(news, false));
  expect(added.every(({ outcome }) => outcome === 'added')).toBe(true);
  return ids;
}

describe.skipIf(serverUrl === null)('four receivers on one PostgreSQL', () => {
  test('never exceed the rate in any second, and keep the shares of apps, while leaders are stopped, killed and halted', {
    timeout: 900_000,
  }, async () => {
    const { fleet, members } = await fourReceivers();
    const [, at] = members as [Member, Member];
    await submit({ fleet, at }, 'shop', 600);
    await submit({ fleet, at }, 'other', 200);
    const stopping: Promise<void>[] = [];
    // Four leaders send within a second: each of them could make its first requests at once.
    fleet.inStepsOf(2);
    for (let n = 0; n < RECEIVERS - 1; n += 1) {
      stopping.push((await fleet.leader()).stop());
      const next = await fleet.leader();
      await fleet.pass(120);
      expect(fleet.cxone.arrivals.at(-1)?.by).toBe(next.name);
    }
    fleet.inStepsOf(20);
    await fleet.during(Promise.all(stopping));
    for (let n = 0; n < RECEIVERS - 1; n += 1) await fleet.start();
    (await fleet.leader()).kill();
    await fleet.leader();
    await fleet.pass(1_500);

    const halted = await fleet.leader();
    halted.halt();
    const haltedAt = fleet.elapsed();
    await fleet.pass(14_000);
    halted.resume();
    await fleet.pass(2_000);
    const { arrivals } = fleet.cxone;
    expect(arrivals.filter(({ by, at: when }) => by === halted.name && when > haltedAt)).toEqual([]);

    expect(mostInASecond(arrivals)).toBeLessThanOrEqual(MOST);
    const sent = arrivals.flatMap(({ correlationId }) => correlationId ?? []);
    expect(new Set(sent).size).toBe(sent.length);
    expect(sent.length).toBeGreaterThan(3 * RATE);
    const ofShop = arrivals.filter(({ app }) => app === 'shop').length / sent.length;
    const share = `${Math.round(100 * ofShop)} % of ${sent.length}`;
    process.stdout.write(`    most in a second ${mostInASecond(arrivals)} of ${RATE}, share of shop ${share}\n`);
    expect(Math.abs(ofShop - WEIGHTS.shop / (WEIGHTS.shop + WEIGHTS.other))).toBeLessThanOrEqual(0.05);
  });

  test('never send two requests within a second at a rate of one, however one leader follows another', {
    timeout: 900_000,
  }, async () => {
    const fleet = await createFleet({ RATE_LIMIT_PER_SECOND: '1', QUEUE_TIMEOUT_SECONDS: '600' });
    const [first] = [await fleet.start(), await fleet.start()];
    await submit({ fleet, at: first }, 'shop', 60);
    const stopping: Promise<void>[] = [];
    const ends: Readonly<Record<string, (leader: Member) => Promise<void>>> = {
      'is stopped': async (leader) => void stopping.push(leader.stop()),
      'is killed, and one that starts just then leads': async (leader) => leader.kill(),
      'is killed while the clock of the database is set forward': async (leader) => {
        leader.kill();
        await fleet.setDatabaseClock(60_000);
      },
      'is stopped while the clock of the database is set back': async (leader) => {
        stopping.push(leader.stop());
        await fleet.setDatabaseClock(-60_000);
      },
    };
    const { arrivals } = fleet.cxone;
    for (const [name, end] of Object.entries(ends)) {
      const leader = await fleet.leader();
      const before = arrivals.length;
      for (let left = 200; left > 0 && arrivals.length === before; left -= 1) await fleet.pass(STEP_MS);
      expect([name, arrivals.at(-1)?.by]).toEqual([name, leader.name]);
      await end(leader);
      await fleet.start();
      const next = await fleet.leader();
      await fleet.pass(2_500);
      expect([name, arrivals.at(-1)?.by]).toEqual([name, next.name]);
      expect([name, mostInASecond(arrivals)]).toEqual([name, 1]);
    }
    await fleet.during(Promise.all(stopping));
  });

  test('ask for no token before the end of a pause of the token endpoint, whichever receiver it was stated to', async () => {
    const fleet = await createFleet({ RATE_LIMIT_PER_SECOND: String(RATE) });
    fleet.cxone.tokenRetryAfterSeconds = 120;
    const [first] = [await fleet.start(), await fleet.start()];
    const tokens = () => fleet.cxone.arrivals.filter(({ call }) => call === 'token');
    while (tokens().length === 0) await fleet.pass(STEP_MS);
    await submit({ fleet, at: first }, 'shop', 5);
    await fleet.pass(100);
    first.kill();
    await fleet.leader();
    await fleet.pass(5_000);
    await fleet.during((await fleet.leader()).stop());
    await fleet.pass(20_000);
    const restarted = await fleet.start();
    while (!restarted.leads()) await fleet.pass(STEP_MS);
    await fleet.pass(5_000);
    expect(tokens().map(({ by }) => by)).toEqual([first.name]);
    fleet.cxone.tokenRetryAfterSeconds = null;
    while (tokens().length === 1) await fleet.pass(1_000);
    const [refused, given] = tokens().map(({ at }) => at);
    expect(Number(given) - Number(refused)).toBeGreaterThanOrEqual(120_000);
    await fleet.pass(2_000);
    expect(fleet.cxone.arrivals.filter(({ call }) => call === 'execute')).toHaveLength(5);
  });

  test('stop sending within 100 ms of the answer to a pause that was ordered at one that does not lead', async () => {
    const { fleet, members } = await fourReceivers();
    const leader = await fleet.leader();
    const at = members.find((member) => member !== leader) as Member;
    const scope = { app: 'shop', actionId: null } as const;
    await submit({ fleet, at }, 'shop', 200);
    await submit({ fleet, at }, 'other', 200);
    await fleet.pass(1_000);
    expect(fleet.cxone.arrivals.length).toBeGreaterThan(RATE / 2);
    const since = fleet.now();
    await fleet.during(at.store.pauseSending({ ...scope, since, by: 'operator:alice', reason: null }));
    const answeredAt = fleet.elapsed();
    await fleet.pass(1_000);
    const sentAfter = (ms: number, app: App) =>
      fleet.cxone.arrivals.filter((one) => one.app === app && one.at > answeredAt + ms).length;
    expect(sentAfter(100, 'shop')).toBe(0);
    expect(sentAfter(100, 'other')).toBeGreaterThan(RATE / 2);
    await fleet.during(at.store.resumeSending(scope));
    await fleet.pass(1_000);
    expect(sentAfter(100, 'shop')).toBeGreaterThan(0);
  });
});
