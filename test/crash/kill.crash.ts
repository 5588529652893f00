// kill -9 at random times and at every write: accepted work is there, nothing runs twice, everything ends and is notified.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { createSimulator } from '../../src/simulator/app.ts';
import type { Dice } from '../../src/simulator/dice.ts';
import type { CaseRecord } from '../../src/simulator/ledger.ts';
import type { Simulator } from '../../src/simulator/simulator.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { budget, diceFor, need, say, shuffled } from './budget.ts';
import { changedCopy, EARLY_CHECKPOINTS } from './changed-copy.ts';
import { type Inbox, openInbox } from './inbox.ts';
import { type Found, inspectCopy, type Row } from './inspect.ts';
import { type Load, startLoad } from './load.ts';
import { type Setting, settingFor, startReceiver } from './receiver.ts';

/** When the process is killed: before a system call, or at this time after it listened. */
type Death = { readonly call: string; readonly when: number; readonly of: Files } | { readonly afterMs: number };

/** `database`: the main file alone, which the checkpoint thread writes while the receiver runs. */
type Files = 'all' | 'database';

/** A fresh database, its lives, and the records of everybody outside. */
interface Chain {
  readonly setting: Setting;
  readonly simulator: Simulator;
  readonly inbox: Inbox;
  readonly load: Load;
  readonly ended: Map<string, string>;
  /** The product, with early checkpoints. */
  readonly root: string;
}

const LIVES = 6;
const BUDGET_MS = budget(0.5);
/** What is added while a kind of event has not happened yet, milliseconds. */
const MORE_MS = 300_000;
const LONGEST_LIFE_MS = 2_500;

const SHARES = {
  'lost-callback': 0.15,
  'callback-failed': 0.1,
  'early-callback': 0.1,
  'duplicate-callback': 0.1,
  'conflicting-callback': 0.05,
  'reset-adopted': 0.05,
  'error-500-lost': 0.03,
  'refused-400': 0.03,
  'unavailable-once': 0.05,
  'answered-at-once': 0.05,
};

/** Before the nth of each call of a thread: the writes of a start, of a load, of checkpoints. */
const PLACES: readonly Death[] = [
  ...placesOf('pwrite64', 300, 'all'),
  ...placesOf('fsync', 60, 'all'),
  ...placesOf('ftruncate', 4, 'all'),
  ...placesOf('unlink', 2, 'all'),
  ...placesOf('pwrite64', 100, 'database'),
  ...placesOf('fsync', 16, 'database'),
];

function placesOf(call: string, most: number, of: Files): Death[] {
  return Array.from({ length: most }, (_, i) => ({ call, when: i + 1, of }));
}

function momentOf(dice: Dice, i: number): Death {
  return { afterMs: Math.round(dice.roll('moment', i) * 1000) };
}

async function openChain(dice: Dice, name: string, root: string): Promise<Chain> {
  const simulator = createSimulator({
    seed: String(dice.bits('simulator', name)),
    latencyMs: 2,
    jitterMs: 10,
    runMs: 20,
    runJitterMs: 200,
    requestsPerSecond: 0,
    redeliveries: 5,
    redeliveryMs: 300,
    rates: SHARES,
  });
  onTestFinished(() => simulator.close());
  const { url } = await simulator.listen();
  const inbox = await openInbox(dice);
  const setting = await settingFor(join(temporaryFolder(), 'data', 'receiver.db'), url, inbox.origin);
  return { setting, simulator, inbox, load: startLoad(setting, dice, name, 1_500), ended: new Map(), root };
}

async function live({ setting, root }: Chain, death: Death): Promise<void> {
  const receiver = startReceiver(setting, {
    root,
    strace: 'call' in death ? killingAt(death, setting.database) : [],
  });
  if (await receiver.listening) {
    const ms = 'call' in death ? LONGEST_LIFE_MS : death.afterMs;
    const timer = setTimeout(() => receiver.child.kill('SIGKILL'), ms);
    await receiver.ended;
    clearTimeout(timer);
  }
  const { signal, code, stdout, stderr } = await receiver.ended;
  if (signal === 'SIGKILL') return;
  const said = stderr || stdout.slice(-1_000);
  throw new Error(`it ended by itself with ${signal ?? code}, before ${JSON.stringify(death)}: ${said}`);
}

function killingAt({ call, when, of }: Extract<Death, { call: string }>, database: string): string[] {
  const beside = of === 'database' ? [] : ['-wal', '-shm', '-journal', '.lock', '.lock-journal'];
  const files = ['', ...beside].flatMap((end) => ['-P', database + end]);
  return ['-f', '-o', '/dev/null', ...files, '-e', `trace=${call}`, '-e', `inject=${call}:signal=KILL:when=${when}`];
}

/** The file must contain everything that others know. */
function faultsOf({ setting, simulator, inbox, load, ended }: Chain): string[] {
  if (!existsSync(setting.database)) return load.accepted.size === 0 ? [] : ['the database is gone'];
  const found = inspectCopy(setting.database);
  const { rows, faults } = found;
  const changed = [...ended].filter(([id, status]) => rows.get(id)?.status !== status);
  for (const [id, { status, resolvedBy }] of rows) if (resolvedBy !== null) ended.set(id, status);
  return [
    ...faults,
    ...faultsAtApps(load, found),
    ...faultsAtInbox(inbox, found),
    ...changed.map(([id, status]) => `${id} was ${status} and is not`),
    ...simulator.executions().flatMap((record) => faultsAtCxone(record, rows.get(record.correlationId))),
  ];
}

function faultsAtApps({ accepted, cancelled, oddities }: Load, { rows }: Found): string[] {
  const ids = new Map([...rows].map(([id, { mark }]) => [mark, id]));
  const open = [...cancelled].filter((id) => (rows.get(id)?.resolvedBy ?? null) === null);
  return [
    ...oddities,
    ...open.map((id) => `${id} was cancelled and is still open`),
    ...[...accepted].flatMap(([mark, id]) => {
      const stands = ids.get(mark);
      if (stands === undefined) return [`${mark} was accepted and is gone`];
      return id === null || id === stands ? [] : [`${mark} was accepted as ${id} and is ${stands}`];
    }),
  ];
}

/** An app is notified only of stored outcomes, and a delivery counts only if the app accepted it. */
function faultsAtInbox({ taken, oddities }: Inbox, { rows, notices }: Found): string[] {
  return [
    ...oddities,
    ...[...taken].flatMap(([id, { correlationId, status }]) =>
      notices.get(id)?.correlationId === correlationId && rows.get(correlationId)?.status === status
        ? []
        : [`${correlationId} was reported ${status} by ${id}, which is wrong`],
    ),
    ...[...notices].flatMap(([id, { status }]) =>
      status === 'PENDING' || (status === 'DELIVERED' && taken.has(id))
        ? []
        : [`${id} is ${status}, and was not taken`],
    ),
  ];
}

/** After these responses a POST may be repeated: it was certainly not processed. */
const NOT_PROCESSED: readonly unknown[] = [401, 429, 503];

function faultsAtCxone({ correlationId: id, runs, posts, callbacks }: CaseRecord, row: Row | undefined): string[] {
  const resolutions = callbacks.filter(({ answer }) => answer === '200 resolved').length;
  const lost = resolutions > 0 && row?.resolvedBy !== 'callback';
  return [
    ...(runs > 0 && row === undefined ? [`${id} ran and is not known`] : []),
    ...(runs > 1 ? [`${id} ran ${runs} times`] : []),
    ...(posts.slice(0, -1).every(({ answer }) => NOT_PROCESSED.includes(answer)) ? [] : [`${id} was sent again`]),
    ...(resolutions > 1 ? [`${id} was resolved ${resolutions} times`] : []),
    ...(lost ? [`the callback of ${id} was answered and is gone`] : []),
  ];
}

interface Tally {
  lives: number;
  accepted: number;
  /** Sent again after a response. */
  repeated: number;
  notified: number;
  /** Notifications of late results after an outcome without one. */
  late: number;
}

/** Longer than any claim after a crash, or than the wait of a notification that was refused a few times. */
const DOWN_MS = 90_000;

/** The last life is not killed: everything ends, and every app is notified. */
async function end(chain: Chain, tally: Tally): Promise<void> {
  const { load, inbox, setting } = chain;
  await load.stop();
  inbox.settleDown();
  const receiver = startReceiver(setting, { downForMs: DOWN_MS });
  if (!(await receiver.listening)) throw new Error((await receiver.ended).stderr);
  const sql = new Database(setting.database, { readonly: true });
  const open = sql
    .prepare("SELECT open + (SELECT count(*) FROM notifications WHERE status = 'PENDING') FROM conservation")
    .pluck();
  await expect.poll(() => open.get(), { timeout: 30_000, interval: 200 }).toBe(0);
  sql.close();
  receiver.child.kill('SIGTERM');
  expect(await receiver.ended).toMatchObject({ code: 0, stderr: '' });
  expect(faultsOf(chain)).toEqual([]);
  tally.accepted += load.accepted.size;
  tally.repeated += load.repeated();
  tally.notified += inbox.taken.size;
  tally.late += [...inbox.taken.keys()].filter((id) => id.endsWith('_late')).length;
}

function hasShownAll({ accepted, repeated, notified }: Tally): boolean {
  return Math.min(accepted, repeated, notified) > 0;
}

interface Kills {
  readonly dice: Dice;
  readonly root: string;
  readonly places: Death[];
  readonly moments: Death[];
  readonly tally: Tally;
}

/** One after another: a fresh database, some lives with a kill each, then one in which everything ends. */
async function runChains(name: string, { dice, root, places, moments, tally }: Kills): Promise<void> {
  const begun = Date.now();
  // On a busy machine a life takes long: a few more show what rarely happens.
  const isOver = () => Date.now() - begun >= BUDGET_MS + (hasShownAll(tally) ? 0 : MORE_MS);
  const next = () => (tally.lives % 3 === 2 ? moments.pop() : (places.pop() ?? moments.pop()));
  for (let n = 0; !isOver() && moments.length > 0; n += 1) {
    const chain = await openChain(dice, `${name}-${n}`, root);
    for (let life = 0; life < LIVES && !isOver(); life += 1) {
      const death = next();
      if (death === undefined) break;
      await live(chain, death);
      tally.lives += 1;
      expect({ death, faults: faultsOf(chain) }).toEqual({ death, faults: [] });
    }
    await end(chain, tally);
  }
}

test(
  'after repeated kills under load accepted work is kept, nothing runs twice, everything ends, and every app is notified',
  async () => {
    need('strace');
    const dice = diceFor('kill');
    const places = shuffled(PLACES, dice);
    const moments = PLACES.map((_, i) => momentOf(dice, i));
    const tally: Tally = { lives: 0, accepted: 0, repeated: 0, notified: 0, late: 0 };
    const kills = { dice, root: changedCopy(EARLY_CHECKPOINTS), places, moments, tally };
    await Promise.all(['a', 'b', 'c'].map((name) => runChains(name, kills)));
    const { lives, accepted, repeated, notified, late } = tally;
    say(`kill: ${lives} lives, at ${PLACES.length - places.length} of ${PLACES.length} writes, ${accepted} executions`);
    say(`kill: ${notified} notifications, ${late} of late results; ${repeated} requests sent again after their answer`);
    expect(lives).toBeGreaterThan(3);
    expect(hasShownAll(tally)).toBe(true);
  },
  BUDGET_MS + MORE_MS + 180_000,
);
