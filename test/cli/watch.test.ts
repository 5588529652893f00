// `watch`: what an operator sees live in the terminal, from the file alone.

import { describe, expect, onTestFinished, test } from 'vitest';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { fatal } from '../support/fatal.ts';
import { type Life, live } from '../support/lives.ts';
import { createManualWorld, type ManualWorld, START } from '../support/manual-world.ts';
import { quietLog } from '../support/quiet-log.ts';
import { temporaryDatabase } from '../support/temporary-database.ts';
import { command } from './harness.ts';

const MINUTE = 60_000;

/** A store whose clock is a minute after the start, with these lives; the store stays open as that of a running receiver. */
async function running(lives: readonly (readonly [life: Life, count: number, at: number])[]) {
  const world = createManualWorld(1, START + MINUTE);
  const path = temporaryDatabase();
  const store = createSqliteStore({ path, world, log: quietLog(), fatal });
  onTestFinished(() => store.close());
  const add = (life: Life, count: number, at: number) =>
    Promise.all(Array.from({ length: count }, (_, i) => live(store, life, at + i, { actionId: 'charge' })));
  for (const [life, count, at] of lives) await add(life, count, at);
  await store.ping(world.now());
  return { world, path, store, add };
}

async function once(line: string, path: string, world: ManualWorld, terminal = false, env = {}) {
  return command(`watch --once ${line}`.trim(), { DATABASE_PATH: path, ...env }, terminal, { world });
}

const BUSY = [
  ['callback', 6, START + 30_000],
  ['queued', 3, START + 50_000],
  ['pending', 2, START + 40_000],
] as const;

describe('watch', () => {
  test('shows the queue, what is at CXone and the outcomes per minute, each figure with its unit', async () => {
    const { path, world } = await running(BUSY);
    const { code, out } = await once('', path, world);
    expect(code).toBe(0);
    expect(out).toMatch(/^2026-01-01 00:01:00 UTC\n\nok {3}alerts: none\n/);
    expect(out).toMatch(/^Queue +3 {2}of 10,000 executions, oldest 10 s$/m);
    expect(out).toMatch(/^At CXone +2 {2}executions, 0 not confirmed, oldest 20 s$/m);
    expect(out).toMatch(/^PER MINUTE +LAST 1 MIN +LAST 5 MIN$/m);
    expect(out).toMatch(/^submitted +11\/min +2\.2\/min$/m);
    expect(out).toMatch(/^ *COMPLETED +100 % {2}6\/min +100 % {2}1\.2\/min$/m);
    expect(out).toMatch(/^callbacks missed +0 % +0 %$/m);
    expect(out).toMatch(/^time to outcome, P50 +\d\.\d s +\d\.\d s$/m);
  });

  test('the same for programs, in one line', async () => {
    const { path, world } = await running(BUSY);
    const { out } = await once('--json', path, world);
    expect(out.trimEnd()).not.toContain('\n');
    expect(JSON.parse(out)).toMatchObject({
      at: '2026-01-01T00:01:00.000Z',
      alerts: [],
      queue: { executions: 3, oldestMs: 10_000, capacity: 10_000 },
      atCxone: { executions: 2, unconfirmed: 0 },
      rates: [
        { minutes: 1, ended: 6, byStatus: { COMPLETED: 6, TIMEOUT: 0 }, missedShare: 0 },
        { minutes: 5, ended: 1.2 },
      ],
      notifications: { pending: 0, dead: 0, overdueMs: null },
    });
  });

  test('what an administrator has paused is a warning, with who, when, why and what waits', async () => {
    const { path, world, store } = await running(BUSY);
    const pause = { actionId: 'charge', app: null, since: START, by: 'operator:alice', reason: 'ticket 4711' };
    await store.pauseSending(pause);
    const { code, out } = await once('', path, world);
    expect(code).toBe(0);
    expect(out).toContain(
      'warn paused: sending of action charge by operator:alice since 2026-01-01T00:00:00.000Z (ticket 4711): 3 in the queue\n',
    );
  });

  test('refreshes with what was written since, until Ctrl-C', async () => {
    const { path, world, store, add } = await running([['callback', 1, START + 30_000]]);
    const stop = new AbortController();
    const ended: number[] = [];
    const watched = command('watch --json --interval 5', { DATABASE_PATH: path }, false, {
      world,
      interrupted: () => stop.signal,
      writeStream: async (text) => void ended.push(JSON.parse(text).rates[0].ended),
    });
    const until = async (count: number) => {
      for (let turn = 0; turn < 1_000 && ended.length < count; turn += 1) await world.settle();
      expect(ended).toHaveLength(count);
    };
    await until(1);
    await add('callback', 4, START + 31_000);
    await world.advance(5_000);
    await until(2);
    await store.close();
    await world.advance(60_000);
    stop.abort();
    expect((await watched).code).toBe(0);
    expect([ended[0], ended[1], ended.at(-1)]).toEqual([1, 5, 0]);
  });

  test('a file into which no receiver writes is an alert above all figures, and the exit code says so', async () => {
    const { path, world } = await running(BUSY);
    world.stepClock(10 * MINUTE);
    const { code, out } = await once('', path, world);
    expect(code).toBe(1);
    expect(out.split('\n')[2]).toMatch(
      /^fail receiver: wrote into this file last 10 min ago, at 2026-01-01T00:01:00.000Z/,
    );
  });

  test('incidents come first, and what they cover is not stated again', async () => {
    const { path, world, store } = await running([...BUSY, ['timeout', 2, START]]);
    const times = { startedAt: START + 3_120, lastSeenAt: START + 50_000, endedAt: null, acknowledgedAt: START };
    const about = { subject: '', problem: 'Executions end without a result', affected: 2, total: 8 };
    const who = { actions: ['charge'], apps: ['shop'], acknowledgedBy: 'operator:alice' };
    const lasting = { id: 'incident-1', cause: 'ExecutionsTimeOut', ...about, ...times, ...who } as const;
    const over = {
      ...lasting,
      id: 'incident-2',
      cause: 'CxoneFails',
      problem: 'CXone failed',
      endedAt: START,
    } as const;
    await store.saveIncidents({ incidents: [lasting, over], events: [], references: [] }, null);
    const { code, out } = await once('', path, world);
    expect(code).toBe(1);
    expect(out.split('\n')[2]).toBe(
      'fail incident: Executions end without a result since 2026-01-01 00:00:03Z; 2 of 8; charge; see ExecutionsTimeOut in the runbook',
    );
    expect(out).not.toMatch(/timeouts|CXone failed/);
    const health = await command('health', { DATABASE_PATH: path }, false, { world });
    expect(health.code).toBe(1);
    expect(health.out).toMatch(/^fail incident: Executions end without a result since 2026-01-01 00:00:03Z/);
    const past = await command('health --to 2025-12-31', { DATABASE_PATH: path }, false, { world });
    expect(past.out).not.toContain('incident');
  });

  test('a queue that is nearly full and many time-outs are warnings with their shares', async () => {
    const { path, world } = await running([...BUSY, ['timeout', 2, START]]);
    const { code, out } = await once('', path, world, false, { QUEUE_CAPACITY: '3' });
    expect(code).toBe(0);
    expect(out).toContain('warn queue: 100 % full: above 3 executions, submissions are refused\n');
    expect(out).toContain('warn timeouts: 25 % of the outcomes of the last 5 min are TIMEOUT\n');
    expect(out.indexOf('warn timeouts')).toBeLessThan(out.indexOf('Queue '));
  });

  test('stays in place and has colour on a terminal only', async () => {
    const { path, world } = await running(BUSY);
    const stop = new AbortController();
    const shown: string[] = [];
    const watched = command('watch', { DATABASE_PATH: path }, true, {
      world,
      interrupted: () => stop.signal,
      writeStream: async (text) => void (shown.push(text) === 2 && stop.abort()),
    });
    for (let turn = 0; turn < 1_000 && shown.length < 1; turn += 1) await world.settle();
    await world.advance(2_000);
    await watched;
    expect(shown.map((text) => text.slice(0, 7).replaceAll('\x1b', '^'))).toEqual(['^[2J^[H', '^[H2026']);
    expect(shown[1]).toContain('\x1b[32m✓\x1b[39m');
    const plain = await once('', path, world);
    expect(plain.out).not.toContain('\x1b');
  });

  test('an interval that makes no sense is refused', async () => {
    const { code, err } = await command('watch --interval 0');
    expect([code, err]).toEqual([2, expect.stringContaining('whole number from 1 to 3600')]);
  });
});
