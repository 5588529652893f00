// One reading for `watch`: alerts, queue, executions at CXone, outcomes per minute and notifications.

import type { Cause } from '../../incident/incident.ts';
import { withCommandName } from '../../lib/command-name.ts';
import { formatDuration, grouped, percent } from '../../lib/figures.ts';
import { HOUR_MS, isoTime } from '../../lib/time.ts';
import { healthIn } from '../../stats/callback-health/health.ts';
import { pauseNotice } from '../../store/pauses-port.ts';
import type { StoreReader } from '../../store/reader-port.ts';
import { clockOf } from '../clock-state.ts';
import { hasCause, incidentLine, openIncidents } from '../open-incidents.ts';
import type { Line } from '../print.ts';
import { followRates, LONG_MINUTES, type Rates } from './rates.ts';

/** The roll-ups of seven days are read at most this often. */
const JUDGE_EVERY_MS = 60_000;
/** A receiver writes a heartbeat every 10 s, also without work. */
const SILENT_MS = 45_000;
/** A notification that is overdue for longer waits for its endpoint. */
const OVERDUE_MS = 60_000;
const NEARLY_FULL = 0.8;
const MANY_TIMEOUTS = 0.1;

interface Waiting {
  readonly executions: number;
  /** Since submission; null without any. */
  readonly oldestMs: number | null;
}

export interface Snapshot {
  /** ISO 8601. */
  readonly at: string;
  /** Worst first. */
  readonly alerts: readonly Line[];
  readonly queue: Waiting & { readonly capacity: number };
  readonly atCxone: Waiting & { readonly unconfirmed: number };
  /** Of the last minute, and of the last five. */
  readonly rates: readonly [Rates, Rates];
  readonly notifications: {
    readonly pending: number;
    /** How long the first one has been due; null if none is due. */
    readonly overdueMs: number | null;
    readonly dead: number;
  };
}

export interface Expectations {
  readonly queueCapacity: number;
  /** True when CXone is not given a callback URL. */
  readonly callbackless: boolean;
}

export type ReadSnapshot = (now: number, onRead: (done: number, total: number) => void) => Promise<Snapshot>;

/** @param begunAt milliseconds. */
export function createSnapshots(reader: StoreReader, begunAt: number, expected: Expectations): ReadSnapshot {
  const rates = followRates(reader, begunAt);
  let judged: { readonly at: number; readonly alerts: readonly Line[] } | null = null;

  async function callbackAlerts(now: number): Promise<readonly Line[]> {
    if (judged !== null && now >= judged.at && now - judged.at < JUDGE_EVERY_MS) return judged.alerts;
    const { callbackless } = expected;
    const { alerts, isComplete } = await healthIn(reader, { from: now - HOUR_MS, to: now, callbackless });
    const lines = alerts.map(({ message }): Line => ({ name: 'callbacks', level: 'fail', message }));
    // Part of the baseline would raise false alerts.
    judged = { at: now, alerts: isComplete ? lines : [] };
    return judged.alerts;
  }

  return async (now, onRead) => {
    await rates.catchUp(onRead);
    const { counts, oldestQueuedAt, oldestPendingAt } = await reader.queueState();
    const { pending, dead } = await reader.undelivered();
    const dueAt = await reader.nextNotificationAt();
    const age = (since: number | null) => (since === null ? null : Math.max(0, now - since));
    const read = {
      queue: { executions: counts.QUEUED, oldestMs: age(oldestQueuedAt), capacity: expected.queueCapacity },
      atCxone: {
        executions: counts.PENDING + counts.UNCONFIRMED,
        oldestMs: age(oldestPendingAt),
        unconfirmed: counts.UNCONFIRMED,
      },
      rates: [rates.last(now, 1), rates.last(now, LONG_MINUTES)] as const,
      notifications: { pending, overdueMs: dueAt !== null && dueAt < now ? now - dueAt : null, dead },
    };
    const pauses = (await reader.sendingPauses()).map(
      (pause): Line => ({ name: 'paused', level: 'warn', message: pauseNotice(pause) }),
    );
    const { notice } = await clockOf(reader, now);
    const open = await openIncidents(reader);
    const isCovered = (...causes: Cause[]) => hasCause(open, causes);
    const clock: Line[] = notice === null ? [] : [{ name: 'clock', level: 'warn', message: notice }];
    const found = [
      ...receiverAlerts(await reader.newestTime(), now),
      ...open.map(incidentLine),
      ...(isCovered('CallbacksMissed', 'CallbacksStopped') ? [] : await callbackAlerts(now)),
      ...pauses,
      ...alertsIn(read, isCovered),
      ...(isCovered('ClockSet') ? [] : clock),
    ];
    const alerts = [...found.filter(({ level }) => level === 'fail'), ...found.filter(({ level }) => level !== 'fail')];
    return { at: isoTime(now), alerts, ...read };
  };
}

function receiverAlerts(newest: number | null, now: number): Line[] {
  // promise: watch-reports-a-silent-receiver
  if (newest !== null && now - newest <= SILENT_MS) return [];
  const since = newest === null ? 'never' : `last ${formatDuration(now - newest)} ago, at ${isoTime(newest)}`;
  const message = `wrote into this file ${since}: check that it runs, and that this is its file`;
  return [{ name: 'receiver', level: 'fail', message }];
}

/** Returns what the figures themselves show and no incident covers. */
function alertsIn(
  { queue, rates: [, long], notifications }: Omit<Snapshot, 'at' | 'alerts'>,
  isCovered: (...causes: Cause[]) => boolean,
): Line[] {
  const lines: Line[] = [];
  const warn = (name: string, message: string) => lines.push({ name, level: 'warn', message });
  if (queue.executions >= queue.capacity * NEARLY_FULL && !isCovered('QueueNearlyFull')) {
    const share = percent(queue.executions, queue.capacity);
    warn('queue', `${share} full: above ${grouped(queue.capacity)} executions, submissions are refused`);
  }
  const { TIMEOUT } = long.byStatus;
  if (TIMEOUT > 0 && TIMEOUT >= long.ended * MANY_TIMEOUTS && !isCovered('ExecutionsTimeOut')) {
    warn('timeouts', `${percent(TIMEOUT, long.ended)} of the outcomes of the last ${long.minutes} min are TIMEOUT`);
  }
  if (long.failedRequests > 0 && !isCovered('CxoneFails', 'CxoneLimitsUs', 'CxoneGivesNoToken')) {
    warn('cxone', `${grouped(long.failedRequests)} requests/min failed in the last ${long.minutes} min`);
  }
  const { overdueMs } = notifications;
  if (overdueMs !== null && overdueMs > OVERDUE_MS && !isCovered('NotifyEndpointDown')) {
    warn('notifications', `the first one has been due for ${formatDuration(overdueMs)}`);
  }
  if (notifications.dead > 0 && !isCovered('DeadLetters')) {
    warn(
      'notifications',
      `${grouped(notifications.dead)} given up: ${withCommandName('npm run notifications -- list --status DEAD')}`,
    );
  }
  return lines;
}
