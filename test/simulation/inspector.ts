// Checks the receiver from outside whenever its work has settled, against every promise.

import { isDeepStrictEqual } from 'node:util';
import type { Journal } from './apps.ts';
import type { Clock } from './clock.ts';
import { type EntryRow, type NotificationRow, openView, type Row, type View } from './database.ts';
import type { Settings } from './history.ts';
import type { Hook } from './hook.ts';
import { createLedger } from './promises/ledger.ts';
import { checkNotifications, checkNotified } from './promises/notifications.ts';
import { checkOutcomes } from './promises/outcomes.ts';
import { detailOf, type State } from './promises/state.ts';
import { checkSubmissions } from './promises/submissions.ts';
import { checkTrails, events } from './promises/trails.ts';
import type { Receiver } from './receiver.ts';
import { isOpen } from './trail.ts';
import type { Truth } from './truth.ts';
import { demand, show } from './violation.ts';

const QUIET = 'nothing fails that should not';
const ROLLED_UP = 'the roll-ups equal a count of all executions';
const ENDS = 'everything ends within its deadline plus one sweep';

/** After the deadline: a claim of a dead process expires (15 s), a loop checks again (30 s), and the last poll is sent and answered. */
const SWEEP_MS = 130_000;
/** The same without a crash or a changed clock: executions before it in the queue are polled first. */
const CALM_SWEEP_MS = 45_000;
/** The least time since the last fault for that. */
const CALM_AFTER_MS = 90_000;

export interface Inspector {
  /** @throws {Violation} */
  check(): void;
  /** The wall-clock time by which open executions must have ended, without faults since `healedAt`; null when none is open. */
  nextBound(healedAt: number): number | null;
  /** @throws {Violation} when an execution is open past that time. */
  checkEnded(healedAt: number): void;
  /** The number of notifications that an app has not accepted yet. */
  undelivered(): number;
  /** @throws {Violation} when an app was not notified in time. */
  checkNotified(): void;
  /** Checks the whole file. */
  checkFile(): void;
  head(): string;
  /** The number of executions of each outcome. */
  tally(): Record<string, number>;
  /** Every name of a written audit entry. */
  events(): string[];
  close(): void;
  clockWasSet: boolean;
  /** The total by which waiting work may be delayed because receivers were down and the clock was set, in milliseconds. */
  delayMs: number;
  wasStopped: boolean;
}

export interface InspectorOptions {
  readonly receiver: Receiver;
  readonly clock: Clock;
  readonly truth: Truth;
  readonly journal: Journal;
  readonly hook: Hook;
  readonly settings: Settings;
}

export function createInspector({ receiver, clock, truth, journal, hook, settings }: InspectorOptions): Inspector {
  const ledger = createLedger();
  let view: { readonly path: string; readonly of: View } | null = null;
  let rows: ReadonlyMap<string, Row> = new Map();
  let notifications: readonly NotificationRow[] = [];

  function look(): View {
    const path = receiver.databasePath();
    if (view?.path !== path) {
      view?.of.close();
      view = { path, of: openView(path) };
    }
    return view.of;
  }

  function boundOf(row: Row, healedAt: number): number {
    const base = Date.parse((row.status === 'QUEUED' ? row.expire_at : row.deadline) ?? row.submitted_at);
    const wellSince = Math.max(healedAt, receiver.startedAt());
    const calm = !inspector.clockWasSet && base > wellSince + CALM_AFTER_MS;
    return Math.max(base, wellSince) + (calm ? CALM_SWEEP_MS : SWEEP_MS + inspector.delayMs);
  }

  const open = () => [...rows.values()].filter(({ status }) => isOpen(status));

  const inspector: Inspector = {
    clockWasSet: false,
    delayMs: 0,
    wasStopped: false,
    check: () => {
      const [line] = receiver.log.lines;
      demand(line === undefined, QUIET, () => show(line));
      if (!receiver.alive()) return;
      const now = look();
      rows = ledger.update(now);
      notifications = now.notifications();
      const { calls } = hook;
      const { clockWasSet, wasStopped } = inspector;
      const trails = withRepeats(ledger.trails, now.repeats());
      const bodyOf = now.bodyOf;
      const state: State = {
        rows,
        trails,
        truth,
        journal,
        notifications,
        calls,
        clockWasSet,
        wasStopped,
        settings,
        bodyOf,
      };
      checkSubmissions(state);
      checkTrails(state);
      checkOutcomes(state);
      checkNotifications(state);
    },
    nextBound: (healedAt) => {
      const bounds = open().map((row) => boundOf(row, healedAt));
      return bounds.length === 0 ? null : Math.min(...bounds);
    },
    checkEnded: (healedAt) => {
      for (const row of open()) {
        const bound = boundOf(row, healedAt);
        const trail = () => events(ledger.trails.get(row.correlation_id) ?? []);
        demand(
          clock.now() <= bound,
          ENDS,
          () => `${row.correlation_id} is ${row.status}, deadline ${row.deadline}: ${trail()}`,
        );
      }
    },
    undelivered: () => notifications.filter(({ status }) => status === 'PENDING').length,
    checkNotified: () => checkNotified(notifications, hook.calls),
    checkFile: () => {
      const soundness = look().soundness();
      demand(soundness === 'ok', 'the file is sound', () => soundness);
      const { stored, recounted } = look().rollups();
      demand(isDeepStrictEqual(stored, recounted), ROLLED_UP, () => show({ stored, recounted }));
    },
    head: ledger.head,
    events: () =>
      [...ledger.trails.values()]
        .flat()
        .map((entry) => (detailOf(entry)['repeats'] === undefined ? entry.event : `${entry.event} (counted)`)),
    tally: () => {
      const counts: Record<string, number> = {};
      for (const { status } of rows.values()) counts[status] = (counts[status] ?? 0) + 1;
      return counts;
    },
    close: () => view?.of.close(),
  };
  return inspector;
}

function withRepeats(trails: State['trails'], repeats: readonly EntryRow[]): State['trails'] {
  const all = new Map(trails);
  for (const entry of repeats) all.set(entry.correlation_id, [...(all.get(entry.correlation_id) ?? []), entry]);
  return all;
}
