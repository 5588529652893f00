// Power loss: from a log of every write and fsync, the disk as it would be after each; no acknowledged commit is missing.

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Dice } from '../../src/simulator/dice.ts';
import { openDatabase } from '../../src/store/sqlite/file/open.ts';
import { budget, diceFor, need, say } from './budget.ts';
import { changedCopy, EARLY_CHECKPOINTS } from './changed-copy.ts';
import { createDisk, type Survival } from './disk.ts';
import type { DiskEvent } from './disk-log.ts';
import { type Found, inspect } from './inspect.ts';
import { type Recording, record } from './recording.ts';

const BUDGET_MS = budget(0.28);

/** Enough for many rounds of checkpoints, which begin early here. */
const EXECUTIONS = 240;
/** Enough to show that promises are broken. */
const FEW = 40;

/** The messages to others so far, which must therefore be on the disk. */
function createListener(calledBack: readonly string[]) {
  const accepted = new Set<string>();
  const sent = new Set<string>();
  const notified = new Set<string>();
  let callbacks = 0;
  return {
    hear: (text: string) => {
      for (const [, id = ''] of text.matchAll(/HTTP\/1\.1 202 .*?"correlationId":"([^"]+)"/gs)) accepted.add(id);
      for (const [batch] of text.matchAll(/HTTP\/1\.1 200 .*?\{"items":\[.*?\],"accepted":\d/gs)) {
        for (const [, id = ''] of batch.matchAll(/"execution":\{"correlationId":"([^"]+)"/g)) accepted.add(id);
      }
      for (const [, id = ''] of text.matchAll(/\nwebhook-id: (\S+)/gi)) notified.add(id);
      for (const [, id = ''] of text.matchAll(/\/execute HTTP\/1\.1.*?x-correlation-id: (\S+)/gis)) sent.add(id);
      callbacks += text.split('"outcome":"resolved"').length - 1;
    },
    missing: ({ rows, notices }: Found): string[] => [
      ...[...accepted].filter((id) => !rows.has(id)).map((id) => `${id} was accepted and is gone`),
      ...[...notified].filter((id) => !notices.has(id)).map((id) => `the notification ${id} is gone`),
      ...[...sent]
        .filter((id) => (rows.get(id)?.status ?? 'QUEUED') === 'QUEUED')
        .map((id) => `${id} would be sent again`),
      ...calledBack
        .slice(0, callbacks)
        .filter((id) => rows.get(id)?.resolvedBy !== 'callback')
        .map((id) => `the callback of ${id} was answered and is gone`),
    ],
    count: () => ({ accepted: accepted.size, sent: sent.size, callbacks, notified: notified.size }),
  };
}

interface Verdict {
  readonly cuts: number;
  readonly faults: readonly string[];
  /** The messages sent by the end. */
  readonly sent: Readonly<Record<'accepted' | 'sent' | 'callbacks' | 'notified', number>>;
}

/** In memory where there is such a folder: thousands of files are written and deleted. */
const SCRATCH = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** Cuts the power after each event that the test selects, in each of these ways. */
function cutPower(
  { events, folder, calledBack }: Recording,
  ways: readonly Survival[],
  chosen: (event: DiskEvent, index: number) => boolean,
  dice: Dice,
): Verdict {
  const disk = createDisk(folder);
  const listener = createListener(calledBack);
  const faults: string[] = [];
  let cuts = 0;
  for (const [index, event] of events.entries()) {
    disk.apply(event);
    if (event.type === 'sent') listener.hear(event.text);
    if (!chosen(event, index)) continue;
    for (const way of ways) {
      cuts += 1;
      const left = mkdtempSync(join(SCRATCH, 'cxone-power-'));
      try {
        disk.fail(way, dice, left);
        const database = openDatabase(join(left, 'new', 'data', 'receiver.db'));
        const found = inspect(database.client);
        database.close();
        faults.push(
          ...[...found.faults, ...listener.missing(found)].map((fault) => `event ${index}, ${way}: ${fault}`),
        );
      } catch (error) {
        faults.push(`event ${index}, ${way}: ${String(error)}`);
      } finally {
        rmSync(left, { recursive: true, force: true });
      }
    }
  }
  return { cuts, faults, sent: listener.count() };
}

/** Selects about `most` cuts: one after each acknowledgement as far as possible, and others between. */
function sample(events: readonly DiskEvent[], most: number, dice: Dice): (event: DiskEvent, index: number) => boolean {
  const sent = events.filter(({ type }) => type === 'sent').length;
  return ({ type }, index) =>
    index === events.length - 1 ||
    dice.roll('cut', index) < (type === 'sent' ? most / 2 / sent : most / 2 / (events.length - sent));
}

test(
  'after a power loss at any time, with any unsynced data lost or torn, every acknowledged commit is there',
  async () => {
    need('strace');
    const dice = diceFor('power loss');
    const recording = await record(EXECUTIONS, changedCopy(EARLY_CHECKPOINTS));
    const { events } = recording;
    const begun = events.filter((event) => event.type === 'write' && event.path.endsWith('-wal') && event.offset === 0);
    expect(begun.length, 'number of starts of the WAL: checkpoints of the thread let it start again').toBeGreaterThan(
      4,
    );
    const until = Date.now() + BUDGET_MS;
    // No message is sent before the database exists: there, after every single write.
    const made = events.findIndex(({ type }) => type === 'sent');
    const making = cutPower(recording, ['nothing', 'everything'], (_, index) => index < made, dice);
    expect(making.faults).toEqual([]);
    let cuts = making.cuts;
    // Rounds of a few cuts each, to keep the time limit; each round covers the whole recording.
    for (let round = 0; round < 3 || Date.now() < until; round += 1) {
      const chosen = sample(events, 12, diceOf(dice, round));
      const verdict = cutPower(recording, ['nothing', 'everything', 'some', 'torn'], chosen, diceOf(dice, round));
      expect(verdict).toMatchObject({ faults: [], sent: { accepted: EXECUTIONS, callbacks: EXECUTIONS } });
      expect(verdict.sent.sent).toBeGreaterThan(0);
      expect(verdict.sent.notified).toBeGreaterThan(0);
      cuts += verdict.cuts;
    }
    say(`power loss: ${cuts} cuts in ${events.length} events`);
  },
  BUDGET_MS + 300_000,
);

test('the suite can fail: with synchronous=NORMAL acknowledged commits are lost', async () => {
  need('strace');
  const dice = diceFor('power loss, NORMAL');
  const root = changedCopy({
    'src/store/sqlite/file/open.ts': (text) => text.replace("'synchronous', 'FULL', 2", "'synchronous', 'NORMAL', 1"),
  });
  const recording = await record(FEW, root);
  const { faults } = cutPower(recording, ['nothing'], sample(recording.events, 12, dice), dice);
  expect(faults.filter((fault) => fault.endsWith('is gone')).length).toBeGreaterThan(0);
  say(`with NORMAL: ${faults.length} promises broken`);
}, 90_000);

test('the suite can fail: with checkpoints that do not sync, acknowledged commits are lost', async () => {
  need('strace');
  const dice = diceFor('power loss, checkpoints');
  const root = changedCopy({
    ...EARLY_CHECKPOINTS,
    'src/store/sqlite/file/checkpoint/passes.ts': (text) => text.replace("'FULL', 2", "'OFF', 0"),
  });
  const recording = await record(EXECUTIONS / 2, root);
  const { faults } = cutPower(recording, ['nothing', 'some'], sample(recording.events, 30, dice), dice);
  expect(faults.length).toBeGreaterThan(0);
  say(`with checkpoints that do not sync: ${faults.length} promises broken`);
}, 90_000);

test('the suite can fail: without the fsync of a new folder everything in it is lost', async () => {
  need('strace');
  const dice = diceFor('power loss, folder');
  const root = changedCopy({
    'src/store/sqlite/file/lock.ts': (text) => text.replace('syncToDiskSync(dirname(made));', ';'),
  });
  const recording = await record(FEW, root);
  const last = recording.events.length - 1;
  const { faults } = cutPower(recording, ['nothing'], (_, index) => index === last, dice);
  expect(faults.length).toBeGreaterThan(FEW);
}, 90_000);

test('the suite can fail: a notification that is written in a transaction of its own is missing', async () => {
  need('strace');
  const dice = diceFor('power loss, outbox');
  const root = changedCopy({
    'src/store/sqlite/executions/records.ts': (text) =>
      text.replace(
        'const notification = before.erasedAt === null ? enqueue(before, execution, now) : null;',
        'const notification = null; void appending.mutate(() => unchanged(enqueue(before, execution, now)));',
      ),
  });
  const recording = await record(FEW, root);
  const resolved = (event: DiskEvent) => event.type === 'sent' && event.text.includes('"outcome":"resolved"');
  const { faults } = cutPower(recording, ['nothing'], resolved, dice);
  expect(faults.filter((fault) => fault.includes('notified of its end 0 times')).length).toBeGreaterThan(0);
  say(`with a second transaction: ${faults.length} promises broken`);
}, 90_000);

function diceOf(dice: Dice, round: number): Dice {
  return { bits: (...names) => dice.bits(round, ...names), roll: (...names) => dice.roll(round, ...names) };
}
