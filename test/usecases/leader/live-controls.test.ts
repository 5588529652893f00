// What operators see and order at a receiver that does not lead is that of the leader.

import { expect, test } from 'vitest';
import type { UpstreamPause } from '../../../src/cxone/port.ts';
import type { JsonObject } from '../../../src/execution/json.ts';
import { NoLeader, OrderUnconfirmed } from '../../../src/store/leader-port.ts';
import { StoreUnavailable } from '../../../src/store/port.ts';
import { createSharedControls, type OwnControls } from '../../../src/usecases/leader/live-controls.ts';
import { type LastState, type LiveState, NOTHING_KNOWN } from '../../../src/usecases/leader/live-state.ts';
import { createSharedReports } from '../../../src/usecases/leader/shared-reports.ts';
import type { Started } from '../../../src/usecases/reconcile/reconciliations.ts';
import type { Reconciliation } from '../../../src/usecases/reconcile/report.ts';
import { createLeaderChannelInMemory } from '../../support/leader-channel-in-memory.ts';
import { createManualWorld } from '../../support/manual-world.ts';
import { quietLog } from '../../support/quiet-log.ts';

const ENDPOINT = { app: 'shop', origin: 'https://hooks.example' };
const PAUSE: UpstreamPause = {
  ...{ since: 1, until: 60_000, httpStatus: 429, call: 'execute' },
  ...{ actionId: 'charge-card', correlationId: 'order-1', app: 'shop' },
};
const CIRCUIT = { ...ENDPOINT, failure: 'ECONNREFUSED', failures: 7, since: 5, nextProbeAt: 90_000 };
const SENT = [3, 0, 1];
const TOKEN_PAUSE = { httpStatus: 429, until: 70_000 };
const REPORT: Reconciliation = {
  ...{ id: 'r-1', by: 'operator:alice', from: 0, to: 10, actionId: null, app: null, status: 'RUNNING', reason: null },
  ...{ startedAt: 20, endedAt: null, progress: 0, differs: [] },
  counts: { asked: 0, same: 0, late: 0, resolved: 0, conflict: 0, running: 0, gone: 0, failed: 0, unaskable: 0 },
};

/** One receiver that leads, and one that does not, on one channel. */
function twoReceivers() {
  const world = createManualWorld();
  const log = quietLog();
  const channel = createLeaderChannelInMemory(world);
  const done: string[] = [];
  const continued: LastState[] = [];
  const reported = new Map<string, Reconciliation>();
  const live = { ...NOTHING_KNOWN, pause: PAUSE, tokenPause: TOKEN_PAUSE, circuits: [CIRCUIT] };
  let state: LiveState = live;

  function receiver(leads: boolean) {
    const reports = createSharedReports(channel.reports, world);
    const own: OwnControls = {
      state: () => (leads ? state : (continued.at(-1) ?? NOTHING_KNOWN)),
      continueFrom: (before) => {
        continued.push(before);
      },
      sentLately: () => SENT,
      takePause: (pause) => {
        state = { ...state, pause };
      },
      takeTokenPause: (tokenPause) => {
        state = { ...state, tokenPause };
      },
      liftPause: () => {
        const { pause } = state;
        state = { ...state, pause: null };
        return pause;
      },
      probe: async ({ app }) => void done.push(`probe ${app} at ${leads ? 'the leader' : 'another one'}`),
      deliveriesResumed: () => void done.push(`resumed at ${leads ? 'the leader' : 'another one'}`),
      incidentsChanged: () => void done.push(`incidents at ${leads ? 'the leader' : 'another one'}`),
      reconciliations: {
        start: (request, by): Started => {
          if (reported.size > 0) return { outcome: 'running', reconciliation: REPORT };
          const reconciliation = { ...REPORT, ...request, by };
          reported.set(reconciliation.id, reconciliation);
          reports.changed(reconciliation);
          return { outcome: 'started', reconciliation };
        },
        find: (id) => (leads ? reported.get(id) : undefined),
      },
    };
    const tools = { channel, reports, leads: () => leads, world, log };
    return { reports, controls: createSharedControls(own, tools) };
  }

  const leader = receiver(true);
  const other = receiver(false);
  const works = leader.controls.works();
  const round = { signal: new AbortController().signal, spawn: () => {} };
  /** Lets the leader work until the order at the other receiver is done. */
  async function whileLeading<T>(ordered: Promise<T>): Promise<T> {
    let isDone = false;
    const settled = ordered.finally(() => {
      isDone = true;
    });
    while (!isDone) {
      await works.orders(round);
      await world.advance(25);
    }
    return settled;
  }
  return {
    world,
    channel,
    done,
    continued,
    leader: leader.controls,
    other: other.controls,
    reports: leader.reports,
    works,
    round,
    whileLeading,
  };
}

test('the state of the leader is that of every receiver, and nothing is known without a leader', async () => {
  const { world, leader, other, works, round } = twoReceivers();
  expect(await other.state()).toEqual(NOTHING_KNOWN);
  await works.publish(round);
  expect(await other.state()).toEqual(leader.state());
  expect(await other.state()).toMatchObject({ pause: PAUSE, circuits: [CIRCUIT] });
  await world.advance(15_001);
  expect(await other.state()).toEqual(NOTHING_KNOWN);
});

test('a state that does not change is published again after a while, and not each second', async () => {
  const { world, channel, works, round } = twoReceivers();
  for (let second = 0; second < 12; second += 1) {
    expect(await works.publish(round)).toBe(1_000);
    await world.advance(1_000);
  }
  expect(channel.published()).toBe(3);
});

test('a pause is lifted at the leader, and is gone at every receiver when the order is confirmed', async () => {
  const { leader, other, works, round, whileLeading } = twoReceivers();
  await works.publish(round);
  expect(await whileLeading(Promise.resolve(other.liftPause()))).toEqual(PAUSE);
  expect(leader.state()).toMatchObject({ pause: null });
  expect(await other.state()).toMatchObject({ pause: null });
  expect(await whileLeading(Promise.resolve(other.liftPause()))).toBe(null);
});

test('a probe, a resumed endpoint and an acknowledged incident reach the leader, once', async () => {
  const { done, leader, other, works, round, whileLeading } = twoReceivers();
  await whileLeading(Promise.resolve(other.probe(ENDPOINT)));
  await other.deliveriesResumed();
  await other.incidentsChanged();
  await works.orders(round);
  await works.orders(round);
  await leader.probe(ENDPOINT);
  const expected = ['probe shop', 'resumed', 'incidents', 'probe shop'].map((what) => `${what} at the leader`);
  expect(done).toEqual(expected);
});

test('an order that no leader takes is refused and is not carried out later', async () => {
  const { world, done, other, works, round } = twoReceivers();
  const refused = Promise.resolve(other.probe(ENDPOINT)).catch((error: unknown) => error);
  await world.advance(6_000);
  expect(await refused).toBeInstanceOf(NoLeader);
  await works.orders(round);
  expect(done).toEqual([]);
});

test('a leader that ends while it carries out an order leaves it unconfirmed', async () => {
  const { world, channel, other } = twoReceivers();
  const unconfirmed = Promise.resolve(other.probe(ENDPOINT)).catch((error: unknown) => error);
  await world.settle();
  expect(await channel.orders.take()).toHaveLength(1);
  await world.advance(11_000);
  expect(await unconfirmed).toBeInstanceOf(OrderUnconfirmed);
  expect(String(await unconfirmed)).toContain('has not confirmed');
});

test('an order of a later version that this leader does not know fails with a reason', async () => {
  const { channel, works, round } = twoReceivers();
  const id = await channel.orders.give('fly', {});
  await works.orders(round);
  const state = (await channel.orders.stateOf(id)) as { readonly result: JsonObject };
  expect(state.result['failed']).toContain('does not know "fly"');
});

test('a reconciliation that is ordered at any receiver runs at the leader, and its report is shown at all of them', async () => {
  const { leader, other, works, round, reports, whileLeading } = twoReceivers();
  const period = { from: 1, to: 9, actionId: 'charge-card' };
  const start = () => Promise.resolve(other.reconciliations.start(period, 'operator:bob'));
  const started = await whileLeading(start());
  expect(started).toMatchObject({ outcome: 'started', reconciliation: { by: 'operator:bob', ...period } });
  expect(await other.reconciliations.find('r-1')).toMatchObject({ status: 'RUNNING', by: 'operator:bob' });
  expect(await leader.reconciliations.find('r-1')).toMatchObject({ status: 'RUNNING', by: 'operator:bob' });
  expect(await whileLeading(start())).toMatchObject({ outcome: 'running' });
  reports.changed({ ...REPORT, status: 'ENDED', progress: 1 });
  await works.publish(round);
  expect(await other.reconciliations.find('r-1')).toMatchObject({ status: 'ENDED', progress: 1 });
  expect(await other.reconciliations.find('another')).toBe(undefined);
});

test('a reconciliation whose leader ended is shown as stopped once another receiver leads', async () => {
  const { leader, other, round, whileLeading } = twoReceivers();
  await whileLeading(Promise.resolve(other.reconciliations.start({ from: 1, to: 9 }, 'operator:bob')));
  await leader.works().orders(round);
  const report = await other.reconciliations.find('r-1');
  expect(report).toMatchObject({ status: 'STOPPED', reason: expect.stringContaining('start it again') });
});

test('of the state of a leader of another version, what is known is shown, and what it lacks is empty', async () => {
  const { channel, other } = twoReceivers();
  const report = { kind: 'cut', message: 'cut off', since: 3, responses: 2, more: 1 };
  await channel.state.publish({
    mood: 'good',
    upstream: { limit: 7, gatewayReports: [report, { ...report, kind: 'of the future' }, null], weather: {} },
    pause: { ...PAUSE, until: 'tomorrow' },
    circuits: [{ ...CIRCUIT, half: true }, { app: 'shop' }],
  });
  const { more: _, ...known } = report;
  expect(await other.state()).toEqual({
    upstream: { ...NOTHING_KNOWN.upstream, limit: 7, gatewayReports: [known] },
    pause: null,
    tokenPause: null,
    circuits: [CIRCUIT],
  });
  for (const strange of [{}, { upstream: 'idle', circuits: 3 }]) {
    await channel.state.publish(strange);
    expect(await other.state()).toEqual(NOTHING_KNOWN);
  }
});

test.for(['flaps', 'probe'])('an order of another version is refused as one that was not done: %s', async (kind) => {
  const { channel, other, works, round, done, world } = twoReceivers();
  const give = channel.orders.give;
  channel.orders.give = (_, body) => give(kind, kind === 'probe' ? { of: body } : body);
  const refused = Promise.resolve(other.probe(ENDPOINT)).catch((error: unknown) => error);
  await world.settle();
  await works.orders(round);
  await world.advance(50);
  expect(await refused).toBeInstanceOf(NoLeader);
  expect(done).toEqual([]);
});

test('a report of another version is shown as far as it is known, and otherwise causes no fault', async () => {
  const { channel, other } = twoReceivers();
  const { counts, ...report } = REPORT;
  const { asked, ...rest } = counts;
  const save = (id: string, body: object) =>
    channel.reports.save({ id, hasEnded: true, report: { ...body, id } as JsonObject }, 10);
  await save('newer', { ...report, status: 'PAUSED', counts: { ...rest, skipped: 3 }, more: [1] });
  await save('strange', { what: 1 });
  expect(await other.reconciliations.find('newer')).toEqual({
    ...{ ...REPORT, id: 'newer', status: 'ENDED', counts: { ...rest, asked } },
  });
  expect(await other.reconciliations.find('strange')).toBe(undefined);
});

test('a new leader continues with the pause and the circuits of the one before, however long ago, and with its limit just then', async () => {
  const { world, channel, other, works, round, continued } = twoReceivers();
  await other.takeOver();
  expect(continued.at(-1)).toEqual({ ...NOTHING_KNOWN, sent: [] });
  await works.publish(round);
  await other.takeOver();
  expect(continued.at(-1)).toMatchObject({ pause: PAUSE, tokenPause: TOKEN_PAUSE, circuits: [CIRCUIT] });
  await channel.state.publish({ upstream: { limit: 5, inFlight: 3 }, pause: { ...PAUSE } });
  await other.takeOver();
  expect(continued.at(-1)?.upstream).toMatchObject({ limit: 5, inFlight: 3 });
  await world.advance(3_600_000);
  await other.takeOver();
  expect(continued.at(-1)).toMatchObject({ pause: PAUSE, upstream: { limit: 0, inFlight: 0 } });
});

test('a new leader knows what the one before has sent if that has handed over, and is not misled by what another version states', async () => {
  const { world, channel, leader, other, works, round, continued } = twoReceivers();
  const sent = async () => {
    await other.takeOver();
    channel.handedOver = true;
    return continued.at(-1)?.sent;
  };
  await works.publish(round);
  expect(await sent()).toBe(null);
  await leader.publishLast();
  expect(await sent()).toEqual(SENT);
  await world.advance(60_000);
  expect(await sent()).toEqual(SENT);
  channel.handedOver = false;
  expect(await sent()).toBe(null);
  for (const strange of [{}, { sent: 'some' }, { sent: [1, -1] }, { sent: [0.5] }]) {
    await channel.state.publish(strange);
    expect(await sent()).toBe(null);
  }
});

test('a new leader that can read nothing takes it that all that the rate allows was sent just now, and keeps the pause that it could read', async () => {
  const { channel, leader, other, continued } = twoReceivers();
  await leader.publishLast();
  const unavailable = async () => {
    throw new StoreUnavailable('the database is not connected');
  };
  const { published } = channel.state;
  Object.assign(channel.state, { published: unavailable });
  await expect(other.takeOver()).rejects.toThrow('not connected');
  expect(continued.at(-1)).toEqual({ ...NOTHING_KNOWN, sent: null });
  Object.assign(channel.state, { published, takeHandOver: unavailable });
  await expect(other.takeOver()).rejects.toThrow('not connected');
  const known = { pause: PAUSE, tokenPause: TOKEN_PAUSE, circuits: [CIRCUIT], sent: null };
  expect(continued.at(-1)).toEqual({ ...NOTHING_KNOWN, ...known });
  Object.assign(channel.state, { published: unavailable });
  await expect(other.takeOver()).rejects.toThrow('not connected');
  expect(continued.at(-1)).toEqual({ ...NOTHING_KNOWN, ...known });
});

test('a pause that a response causes after its receiver has handed over is that of the leader', async () => {
  const { leader, other, works, round } = twoReceivers();
  const later = { ...PAUSE, until: 99_000 };
  const tokenPause = { httpStatus: 503, until: 98_000 };
  await other.passPause(later);
  await other.passTokenPause(tokenPause);
  await works.orders(round);
  expect(leader.state()).toMatchObject({ pause: later, tokenPause });
  expect(await other.state()).toMatchObject({ pause: later, tokenPause });
});
