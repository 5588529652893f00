// Repeats without end: the trail lists the first of a kind and counts the others, exactly and durably.

import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import type { AuditEntry, ExecutionEvent } from '../../../../src/execution/event.ts';
import { systemWorld } from '../../../../src/lib/world.ts';
import type { Change } from '../../../../src/store/port.ts';
import { MAX_LISTED_REPEATS, SUMMARY_AFTER_MS } from '../../../../src/store/shared/counted-repeats.ts';
import { createSqliteStore } from '../../../../src/store/sqlite/store.ts';
import { verifyAudit } from '../../../../src/store/sqlite/verify/verify.ts';
import { createSummarizer } from '../../../../src/workers/upkeep.ts';
import { anExecution, callback, completed, NOON, polled, RUNNING, submitted } from '../../../support/executions.ts';
import { fatal } from '../../../support/fatal.ts';
import { quietLog } from '../../../support/quiet-log.ts';
import { temporaryFolder } from '../../../support/temporary.ts';
import { temporaryDatabase } from '../../../support/temporary-database.ts';

const LATER = NOON + SUMMARY_AFTER_MS;
const PROGRESS = callback(RUNNING);
const CANCEL: ExecutionEvent = { type: 'cancelled', by: 'app:test' };

function open(path: string, listedRepeats?: number) {
  const store = createSqliteStore({ path, world: systemWorld, log: quietLog(), fatal, listedRepeats });
  onTestFinished(() => store.close());
  return store;
}

async function accepted(listedRepeats?: number) {
  const path = temporaryDatabase();
  const store = open(path, listedRepeats);
  const execution = anExecution({ correlationId: 'one' });
  const { reference } = execution;
  await store.add({ execution, fingerprint: 'print', queueCapacity: 10 });
  await store.claimDispatches(1, NOON);
  const record = (event: ExecutionEvent, now = NOON) => store.record(reference, event, now);
  /** Records the event many times, in as many commits as a busy receiver would have. */
  const repeat = (event: ExecutionEvent, times: number) =>
    Promise.all(Array.from({ length: times }, (_, i) => record(event, NOON + i)));
  const entriesOf = async (event: string) => (await store.trail('one')).filter((entry) => entry.event === event);
  return { path, store, reference, record, repeat, entriesOf };
}

function sumOf(entries: readonly AuditEntry[]): number {
  return entries.reduce((sum, { detail }) => sum + Number(detail['repeats'] ?? 1), 0);
}

function findings(path: string) {
  const client = new Database(path, { readonly: true });
  const found = verifyAudit(client).findings;
  const conservation = client.prepare('SELECT difference FROM conservation').pluck().get();
  client.close();
  return [found, conservation];
}

test('2,000 progress callbacks, 1,000 duplicates and 1,000 cancels leave a few hundred entries and exact counts', async () => {
  const { path, store, record, repeat, entriesOf } = await accepted();
  await repeat(PROGRESS, 2_000);
  await record(callback(completed('right')), NOON + 2_000);
  await repeat(callback(completed('right')), 1_000);
  await repeat(CANCEL, 1_000);
  await store.summarizeRepeats(10, LATER + 1_000);
  for (const [event, times] of Object.entries({
    CALLBACK_PROGRESS: 2_000,
    CALLBACK_DUPLICATE: 1_000,
    CANCEL_IGNORED: 1_000,
  })) {
    const entries = await entriesOf(event);
    expect(entries.length).toBeLessThanOrEqual(MAX_LISTED_REPEATS + 2);
    expect(sumOf(entries)).toBe(times);
  }
  expect(findings(path)).toEqual([[], 0]);
});

test('the polls that callers cause without end are counted, and no hint has an entry of its own for each of them', async () => {
  const { path, store, record, entriesOf } = await accepted();
  await record(submitted({ executionId: 'cx-1' }));
  for (let round = 0; round < 400; round += 1) {
    const now = NOON + round;
    await record({ type: 'unverified-callback', executionId: null, report: RUNNING }, now);
    await record(polled(RUNNING, { nextPollAt: now + 2_000 }), now);
  }
  await store.summarizeRepeats(10, LATER + 400);
  for (const event of ['CALLBACK_HINT', 'POLL_PROGRESS']) {
    const entries = await entriesOf(event);
    expect([event, entries.length, sumOf(entries)]).toEqual([event, MAX_LISTED_REPEATS + 1, 400]);
  }
  expect(findings(path)).toEqual([[], 0]);
});

test('the count precedes the next entry of another kind, with the times of its repeats and the detail of the last one', async () => {
  const { store, record, entriesOf } = await accepted(2);
  const word = (text: string) => callback({ ...RUNNING, statusWord: text });
  for (const [i, text] of ['one', 'two', 'three', 'four', 'five'].entries()) await record(word(text), NOON + i);
  expect(await entriesOf('CALLBACK_PROGRESS')).toHaveLength(2);
  await record(callback(completed('right')), NOON + 9);
  const trail = await store.trail('one');
  expect(trail.slice(-2).map(({ event }) => event)).toEqual(['CALLBACK_PROGRESS', 'CALLBACK_COMPLETED']);
  const since = new Date(NOON + 2).toISOString();
  const until = new Date(NOON + 4).toISOString();
  expect(trail.at(-2)?.detail).toMatchObject({ word: 'five', repeats: 3, since, until });
});

test('counts of a loop that continues are written once a minute', async () => {
  const { store, record, entriesOf } = await accepted(1);
  let now = NOON;
  const work = createSummarizer({ store, world: { now: () => now } });
  const round = () => work({ signal: new AbortController().signal, spawn: () => {} });
  expect(await round()).toBeNull();
  for (let second = 0; second <= 150; second += 1) {
    now = NOON + second * 1_000;
    await record(PROGRESS, now);
    await round();
  }
  const entries = await entriesOf('CALLBACK_PROGRESS');
  // The first entry, then one a minute; the rest is due within a minute.
  expect(entries.map(({ detail }) => detail['repeats'] ?? 1)).toEqual([1, 61, 61]);
  expect(await round()).toBeGreaterThan(0);
  now += SUMMARY_AFTER_MS;
  expect(await round()).toBeNull();
  expect(sumOf(await entriesOf('CALLBACK_PROGRESS'))).toBe(151);
});

test('a clock that is set back does not defer a count', async () => {
  const { store, record, entriesOf } = await accepted(1);
  await record(PROGRESS);
  await record(PROGRESS, NOON + 1);
  await store.summarizeRepeats(10, NOON - 3_600_000);
  expect(sumOf(await entriesOf('CALLBACK_PROGRESS'))).toBe(2);
  expect(await store.nextSummary()).toBeNull();
});

test('a crash loses no count of an acknowledged repeat', async () => {
  const { path, reference, repeat } = await accepted(3);
  await repeat(PROGRESS, 40);
  // What the disk has after a kill.
  const copy = join(temporaryFolder(), 'copy.db');
  for (const suffix of ['', '-wal']) if (existsSync(path + suffix)) copyFileSync(path + suffix, copy + suffix);
  const after = open(copy, 3);
  await after.record(reference, PROGRESS, NOON + 50);
  await after.record(reference, callback(completed('right')), NOON + 60);
  const trail = await after.trail('one');
  expect(sumOf(trail.filter(({ event }) => event === 'CALLBACK_PROGRESS'))).toBe(41);
});

test('each kind that can be repeated without limit is counted, and a large last report is kept as its hash', async () => {
  const { path, store, record, repeat, entriesOf } = await accepted(2);
  await record(callback(completed('right')));
  await repeat(callback(completed('x'.repeat(50_000))), 20);
  const body = { bytes: Buffer.from('{'), contentType: null };
  await repeat({ type: 'callback-unreadable', reason: 'not JSON', body }, 20);
  await repeat({ type: 'poll-requested', by: 'operator:alice' }, 20);
  await repeat({ type: 'unverified-callback', executionId: null, report: RUNNING }, 20);
  await store.summarizeRepeats(10, LATER + 20);
  for (const event of ['CALLBACK_CONFLICT', 'CALLBACK_UNREADABLE', 'POLL_REQUESTED', 'CALLBACK_HINT']) {
    const entries = await entriesOf(event);
    expect([event, entries.length, sumOf(entries)]).toEqual([event, 3, 20]);
  }
  for (const event of ['CALLBACK_CONFLICT', 'CALLBACK_UNREADABLE']) {
    const omitted = { bytes: expect.any(Number), sha256: expect.stringMatching(/^[0-9a-f]{64}$/) };
    expect((await entriesOf(event)).at(-1)?.detail).toMatchObject({ repeats: 18, omitted });
  }
  expect(findings(path)).toEqual([[], 0]);
});

test('a callback that changes status or executionId has an entry, whatever was counted before', async () => {
  const { record, entriesOf } = await accepted(0);
  await record(PROGRESS);
  await record({ ...PROGRESS, executionId: 'named-later' });
  await record(PROGRESS);
  expect((await entriesOf('CALLBACK_PROGRESS')).map(({ detail }) => detail['repeats'])).toEqual([undefined, undefined]);
});

test('a counted event that moves the next poll is announced, so that the loops wake', async () => {
  const { store, record } = await accepted(0);
  await record({ ...PROGRESS, executionId: 'known' });
  const changes: Change[] = [];
  store.watch((committed) => changes.push(...committed));
  await record({ type: 'poll-requested', by: 'operator:alice' }, NOON + 5);
  expect(changes).toMatchObject([
    { isCounted: true, execution: { pollAt: NOON + 5 }, entry: { event: 'POLL_REQUESTED' } },
  ]);
});

test('an erasure leaves no content of counted repeats, before and after it', async () => {
  const { path, store, reference, record, repeat } = await accepted(1);
  await record(callback(completed('right')));
  await repeat(callback(completed('secret')), 3);
  const erased = await store.erase(reference, { by: 'operator:alice', reason: 'asked' }, NOON + 10);
  expect(erased?.outcome).toBe('erased');
  await repeat(callback(completed('secret')), 3);
  await store.summarizeRepeats(10, LATER);
  const trail = await store.trail('one');
  expect(JSON.stringify(trail)).not.toContain('secret');
  expect(sumOf(trail.filter(({ event }) => event === 'CALLBACK_CONFLICT'))).toBe(6);
  expect(findings(path)).toEqual([[], 0]);
});

test('an execution with a count is not pruned before the count is in the trail', async () => {
  const { store, record } = await accepted(0);
  await record(callback(completed('right')));
  await record(CANCEL, NOON + 1);
  const cutoff = LATER + 3_600_000;
  expect(await store.prune(100, cutoff)).toEqual({ entries: 0, executions: 0 });
  await store.summarizeRepeats(10, LATER + 1);
  expect(await store.prune(100, cutoff)).toMatchObject({ executions: 1 });
});

test('statistics count what an entry stands for', async () => {
  const { store, repeat } = await accepted(2);
  await repeat(PROGRESS, 9);
  await store.summarizeRepeats(10, LATER + 9);
  const { entries } = await store.statisticsAfter(0, 100);
  const progress = entries.filter(({ event }) => event === 'CALLBACK_PROGRESS');
  expect(progress.map(({ repeats }) => repeats)).toEqual([null, null, 7]);
});
