// `health` and `advise`: what callbacks did, and what would suit them better, from the file alone.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import CXONE from '../../src/cxone/profiles/cxone.json' with { type: 'json' };
import type { ExecutionEvent } from '../../src/execution/event.ts';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { anExecution, callback, polled, RUNNING } from '../support/executions.ts';
import { fatal } from '../support/fatal.ts';
import { type Life, live } from '../support/lives.ts';
import { createManualWorld, START } from '../support/manual-world.ts';
import { quietLog } from '../support/quiet-log.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { temporaryDatabase } from '../support/temporary-database.ts';
import { command, openStore } from './harness.ts';

const HOUR = 3_600_000;

type Lived = readonly [life: Life, count: number, at: number, actionId?: string];

/** Runs a command on a database in which these lived, one hour after the start. */
async function run(line: string, lives: readonly Lived[], env: Readonly<Record<string, string>> = {}) {
  const world = createManualWorld(1, START + HOUR);
  const path = temporaryDatabase();
  const store = createSqliteStore({ path, world, log: quietLog(), fatal });
  for (const [life, count, at, actionId = 'charge'] of lives) {
    await Promise.all(Array.from({ length: count }, (_, i) => live(store, life, at + i, { actionId })));
  }
  await store.close();
  return command(line, { DATABASE_PATH: path, ...env }, false, { world });
}

const USUAL: readonly Lived[] = [
  ['callback', 95, START - 20 * HOUR],
  ['called-back-later', 5, START - 20 * HOUR],
];

describe('health', () => {
  test('shows each action and hour, and says that all is as it was', async () => {
    const { code, out, err } = await run('health', [...USUAL, ['callback', 30, START]]);
    expect(code).toBe(0);
    expect(err).toContain('Ended from 2025-12-31T01:00:00.000Z to 2026-01-01T01:00:00.000Z');
    const [verdict, , head, first, second] = out.split('\n').map((line) => line.trim().split(/ {2,}/));
    expect(head?.slice(0, 8)).toEqual(['HOUR', 'ACTION', 'CALLBACK', 'POLL', 'SUBMIT', 'TIMEOUT', 'MISSED', 'LATER']);
    expect(first).toEqual(['2025-12-31 04:00', 'charge', '95', '5', '0', '0', '5 %', '5', '+2.0 s', '+2.0 s']);
    expect(second).toEqual(['2026-01-01 00:00', 'charge', '30', '0', '0', '0', '0 %', '0', '-', '-']);
    expect(verdict).toEqual(['ok', 'callbacks: arrive as they did in the 7 days before']);
  });

  test('what an administrator has paused is shown until it is resumed', async () => {
    const world = createManualWorld(1, START + HOUR);
    const path = temporaryDatabase();
    const { store } = openStore(path);
    await store.pauseSending({ app: 'shop', actionId: null, since: START, by: 'operator:alice', reason: null });
    await store.close();
    const { code, out } = await command('health', { DATABASE_PATH: path }, false, { world });
    expect([code, out]).toEqual([
      0,
      expect.stringContaining(
        'warn paused: sending of app shop by operator:alice since 2026-01-01T00:00:00.000Z: 0 in the queue',
      ),
    ]);
    const { pauses } = JSON.parse((await command('health --json', { DATABASE_PATH: path }, false, { world })).out);
    expect(pauses).toMatchObject([{ app: 'shop', actionId: null, since: '2026-01-01T00:00:00.000Z', queued: 0 }]);
  });

  test('an hour in which callbacks stay away has a line of its own, and the exit code says so', async () => {
    const { code, out } = await run('health', [...USUAL, ['poll', 15, START], ['callback', 15, START]]);
    expect(code).toBe(1);
    expect(out).toContain(
      'fail alert: charge: 50 % of the callbacks are missing in the hour from 2026-01-01T00:00:00.000Z (15 of 30), against 5 % in the 7 days before',
    );
    expect(out.split('\n')[4]).toMatch(/ALERT$/);
    expect(out.indexOf('fail alert')).toBe(0);
  });

  test('the habits of the days before count also when only an hour is shown, of one action', async () => {
    const lives: Lived[] = [...USUAL, ['poll', 30, START], ['poll', 30, START, 'other']];
    const { code, out } = await run('health --from 1h --action charge --json', lives);
    const { hours, alerts, from } = JSON.parse(out);
    expect([code, from]).toEqual([1, '2026-01-01T00:00:00.000Z']);
    expect(hours).toMatchObject([{ actionId: 'charge', byPoll: 30, missed: 30, missedShare: 1, verdict: 'risen' }]);
    expect(alerts).toMatchObject([{ baseline: { missed: 5, outcomes: 100 } }]);
  });

  test('where the upstream profile asks for no callbacks, none is missing', async () => {
    const lives: Lived[] = [...USUAL, ['poll', 30, START]];
    const { code, out } = await run('health', lives, { CXONE_PROFILE: 'cxone-jobs' });
    expect([code, out.includes('ALERT')]).toEqual([0, false]);
    expect(out).toContain('callbacks: are not requested by the upstream profile');
  });

  test('a profile that is not there is named', async () => {
    const { code, err } = await run('health', [], { CXONE_PROFILE: 'cxone-job' });
    expect([code, err]).toEqual([2, expect.stringContaining('CXONE_PROFILE: ')]);
  });

  test('what is repeated without end is shown by event and action, also before the trail has the count', async () => {
    const { path, store } = openStore();
    const execution = anExecution({ actionId: 'charge' });
    await store.add({ execution, fingerprint: 'print', queueCapacity: 10 });
    await store.claimDispatches(1, START);
    const repeat = (event: ExecutionEvent, at: number, times: number) =>
      Promise.all(Array.from({ length: times }, (_, i) => store.record(execution.reference, event, at + i)));
    await repeat(callback(RUNNING), START, 150);
    await store.summarizeRepeats(10, START + HOUR / 2);
    await repeat(callback(RUNNING), START + HOUR / 2, 20);
    await repeat(polled(RUNNING), START, 150);
    await store.close();
    const world = createManualWorld(1, START + HOUR);
    const { code, out } = await command('health', { DATABASE_PATH: path }, false, { world });
    expect(code).toBe(0);
    expect(out).toContain(
      'warn repeats: CALLBACK_PROGRESS came 70 times more than the trail lists, for 1 execution of action charge, from 2026-01-01T00:00:00.100Z to 2026-01-01T00:30:00.019Z',
    );
    expect(out).not.toContain('POLL_PROGRESS');
    const { repeats } = JSON.parse((await command('health --json', { DATABASE_PATH: path }, false, { world })).out);
    expect(repeats).toMatchObject([{ event: 'CALLBACK_PROGRESS', actionId: 'charge', repeats: 70, executions: 1 }]);
  });

  test('of an empty database there is nothing to say', async () => {
    const { code, out } = await run('health', []);
    expect([code, out]).toEqual([
      0,
      expect.stringContaining('callbacks: were not due: no execution ended in this time'),
    ]);
  });

  test('a time that makes no sense is refused', async () => {
    const { code, err } = await run('health --from 1h --to 2h', []);
    expect([code, err.split('\n')[0]]).toEqual([
      2,
      expect.stringMatching(/^--from \(.+Z\) must not be after --to \(.+Z\)\.$/),
    ]);
  });

  test.for(['health', 'stats', 'advise'])('%s: a period that begins in the future is refused', async (name) => {
    const { code, err } = await run(`${name} --from 2100-01-01`, []);
    const expected = /^--from \(2100-01-01T00:00:00\.000Z\) must be before --to \(2026-.+Z, the default\)\.$/;
    expect([code, err.split('\n')[0]]).toEqual([2, expect.stringMatching(expected)]);
  });

  test('a count of an earlier day without its beginning is refused', async () => {
    const { code, err } = await run('stats --to 2020-01-02', []);
    expect([code, err]).toEqual([
      2,
      expect.stringMatching(/^--from \(2026-.+Z, the default\) must be before --to \(2020-/),
    ]);
  });

  test('durations of which no execution can have both are refused', async () => {
    const { code, err } = await run('executions list --min-duration 9 --max-duration 1.5', []);
    expect([code, err]).toEqual([2, '--min-duration (9) must not be above --max-duration (1.5).\n']);
  });
});

describe('advise', () => {
  const LOST: readonly Lived[] = [
    ['poll', 60, START],
    ['callback', 40, START],
  ];

  test('says what to set, what that saves and costs, and how sure it is', async () => {
    const { code, out } = await run('advise', LOST);
    expect(code).toBe(0);
    const [head, row, , words] = out.split('\n');
    expect(head).toMatch(/^ACTION +SENT +LOST +P50 +P95 +GRACE +WINDOW +POLLS\/1000 +LAG +CONFIDENCE$/);
    expect(row).toMatch(/^charge +100 +60 % +2\.0 s +2\.0 s +10 s → [23] s +30 s → \d+ s +600 +5\.0 s → \d+ ms +low$/);
    expect(words).toMatch(
      /^charge: graceSeconds [23] and timeoutSeconds \d+ instead of 10 and 30; .* polls per 1,000 executions; results arrive \d\.\d s earlier on average; most callbacks are missing: find the cause first\.$/,
    );
  });

  test('the same for programs', async () => {
    const { out } = await run('advise --json --action charge', [...LOST, ['callback', 5, START, 'other']]);
    const { actions, pollIntervalSeconds } = JSON.parse(out);
    expect(pollIntervalSeconds).toBe(2);
    expect(actions).toMatchObject([
      {
        actionId: 'charge',
        executions: 100,
        results: 100,
        lost: { share: 0.6 },
        current: { graceSeconds: 10, timeoutSeconds: 30, cost: { polls: 600, timeOuts: 0 } },
        pollsSeen: 600,
        confidence: 'low',
      },
    ]);
  });

  test('an action with too little to go by gets none', async () => {
    const { code, out } = await run('advise', [['callback', 5, START]]);
    expect(code).toBe(0);
    expect(out).toContain('charge: no advice: 5 results were observed, and 30 are needed.');
  });

  test('polls are reckoned as far apart as the upstream profile wants them', async () => {
    const profile = join(temporaryFolder(), 'seldom.json');
    writeFileSync(
      profile,
      JSON.stringify({ name: 'seldom', extends: 'cxone', poll: { ...CXONE.poll, minIntervalSeconds: 20 } }),
    );
    const lives: Lived[] = [...LOST, ['timeout', 20, START]];
    const given = async (env = {}) => JSON.parse((await run('advise --json', lives, env)).out);
    const [often, seldom] = [await given(), await given({ CXONE_PROFILE: profile })];
    expect([often.pollIntervalSeconds, seldom.pollIntervalSeconds]).toEqual([2, 20]);
    expect(seldom.actions[0].current.cost.polls).toBeLessThan(often.actions[0].current.cost.polls);
  });

  test('where the upstream profile asks for no callbacks, no grace period fits better than another', async () => {
    const { code, out, err } = await run('advise --json', LOST, { CXONE_PROFILE: 'cxone-jobs' });
    expect([code, JSON.parse(out).actions]).toEqual([0, []]);
    expect(err).toContain('The upstream profile does not request callbacks');
  });

  test('an action without executions is named', async () => {
    const { code, err } = await run('advise --action chrage', LOST);
    expect([code, err]).toEqual([1, 'No execution of "chrage" was sent in this time.\n']);
  });
});
