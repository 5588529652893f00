// Incidents of the receiver and its machine: loops, disk, write-ahead log, commits, clock, and times without a receiver. Pure.

import { MINUTE_MS } from '../lib/time.ts';
import { type Finding, NO_EXECUTIONS, type OpenIncidents, sumOf, timesOf } from './finding.ts';
import { type Signals, SLOW_COMMIT_MS } from './signals.ts';

const MIN_FREE_BYTES = 1_000_000_000;
const ENOUGH_FREE_BYTES = 1_500_000_000;
const MAX_WAL_BYTES = 256 * 1024 * 1024;
const NORMAL_WAL_BYTES = 128 * 1024 * 1024;

const COMMIT_WINDOW_MS = 5 * MINUTE_MS;
const MIN_SLOW_COMMITS = 5;
const SLOW_SHARE = 0.01;

/** A step of the clock that is older is history. */
const CLOCK_MS = 5 * MINUTE_MS;
/** A restart takes less. */
const ABSENT_MS = MINUTE_MS;

export function machineFindings(signals: Signals, open: OpenIncidents): Finding[] {
  const { now, stuckLoops, diskFreeBytes, walBytes } = signals;
  const rest = { ...NO_EXECUTIONS, since: now, until: now };
  const found: Finding[] = [];
  if (stuckLoops.length > 0) {
    const problem = stuckLoops.length === 1 ? `The loop ${stuckLoops[0]} is` : `The loops ${stuckLoops.join(', ')} are`;
    found.push({ ...rest, cause: 'ReceiverLoopStuck', problem: `${problem} stuck` });
  }
  if (diskFreeBytes !== null && diskFreeBytes < (open.has('DiskNearlyFull ') ? ENOUGH_FREE_BYTES : MIN_FREE_BYTES)) {
    const problem = `The disk of the database has ${megabytes(diskFreeBytes)} MB free`;
    found.push({ ...rest, cause: 'DiskNearlyFull', problem });
  }
  if (walBytes !== null && walBytes > (open.has('WalGrows ') ? NORMAL_WAL_BYTES : MAX_WAL_BYTES)) {
    found.push({ ...rest, cause: 'WalGrows', problem: `The write-ahead log has ${megabytes(walBytes)} MB` });
  }
  return [...found, ...slowCommits(signals), ...clock(signals), ...absence(signals)];
}

function slowCommits({ now, samples }: Signals): Finding[] {
  const recent = samples.commits.filter(({ at }) => at > now - COMMIT_WINDOW_MS);
  const slow = recent.filter(({ isSlow }) => isSlow);
  const [affected, total] = [sumOf(slow), sumOf(recent)];
  const times = timesOf(slow);
  if (times === null || affected < MIN_SLOW_COMMITS || affected / total < SLOW_SHARE) return [];
  const problem = `Commits take longer than ${SLOW_COMMIT_MS} ms`;
  return [{ ...NO_EXECUTIONS, ...times, cause: 'CommitsSlow', problem, affected, total }];
}

function clock({ now, clockStep }: Signals): Finding[] {
  if (clockStep === null || Math.abs(now - clockStep.to) > CLOCK_MS) return [];
  const { from, to } = clockStep;
  const how = to < from ? 'back' : 'forward again';
  const problem = `The clock was set ${how} by ${Math.round(Math.abs(to - from) / 1000)} s`;
  return [{ ...NO_EXECUTIONS, cause: 'ClockSet', subject: String(to), problem, since: to, until: to }];
}

function absence({ absence: gap }: Signals): Finding[] {
  if (gap === null || gap.to - gap.from < ABSENT_MS) return [];
  const problem = 'No receiver was running: callbacks of this time did not arrive';
  const found = { cause: 'ReceiverDown', subject: String(gap.from), problem, isOver: true } as const;
  return [{ ...NO_EXECUTIONS, ...found, since: gap.from, until: gap.to }];
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e6);
}
