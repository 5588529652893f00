// CXone is unavailable for a minute under load: measures how fast the backlog drains, and whether requests burst or starve.

import { type Measure, type Row, spreadOf } from './measure.ts';
import { type Arrival, DEFAULTS, type Ground, inVirtualTime, type Plan, type Site } from './virtual.ts';

/** Submissions per second, at random moments: less than half of CXone's limit. */
const LOAD_PER_SECOND = 40;
/** Share of executions whose callback is always lost, so that polls are always needed. */
const LOST = 0.2;
/** Run times are uniform in this span, in milliseconds. */
const RUN_MS = [1_000, 9_000] as const;
/** Time before the outage, in milliseconds: polls are in progress when it begins. */
const BEFORE_MS = 20_000;
/** The default of GRACE_SECONDS. */
const GRACE_MS = 10_000;
/** Interval of the checks for waiting polls and for the end of the backlog, in milliseconds. */
const LOOK_MS = 250;
/** A backlog that has not drained after this time never drains. */
const PATIENCE_MS = 600_000;

/** The maximum spacing of polls: five times the interval. A poll that waits no longer is not starved. */
const LONGEST_SPACING_S = 5 * DEFAULTS.pollIntervalSeconds;

const KINDS = { 'connection refused': 'refuses connections', '503': 'answers 503' } as const;
type Kind = keyof typeof KINDS;

export interface Recovery {
  /** Executions that were queued when CXone returned. */
  readonly backlog: number;
  /** From the return to the first accepted submission. */
  readonly noticedAfterMs: number;
  /** From that submission until the whole backlog was sent. */
  readonly drainMs: number;
  /** Requests per second during the drain, as a share of the limit. */
  readonly rate: number;
  /** Most requests within any one second of the whole run, as a share of the limit. */
  readonly burst: number;
  /** Longest wait of a due poll since the return, in milliseconds, with the precision of LOOK_MS. */
  readonly pollWaitMs: number;
  /** Polls during the drain. */
  readonly polls: number;
  /** Requests that were sent while CXone was unavailable. */
  readonly inVain: number;
  /** Executions by final status. */
  readonly endings: Readonly<Record<string, number>>;
}

export interface Outage {
  readonly kind: Kind;
  readonly awayMs: number;
  readonly beforeMs: number;
}

/** One seeded outage. @throws Error when the backlog does not drain or the receiver logs an error. */
export function outageOf(ground: Ground, seed: number, { kind, awayMs, beforeMs }: Outage): Promise<Recovery> {
  return inVirtualTime(ground, seed, async (site) => {
    const load = createLoad(site);
    await load.until(beforeMs);
    site.away(kind, awayMs);
    await load.until(beforeMs + awayMs);
    const backAt = site.clock.elapsed();
    const waiting = new Set(site.executions().flatMap((one) => (one.status === 'QUEUED' ? one.correlationId : [])));
    if (waiting.size === 0) throw new Error('Nothing waited when CXone came back.');
    let pollWaitMs = 0;
    while (isAnyQueued(site, waiting)) {
      await load.until(site.clock.elapsed() + LOOK_MS);
      const sinceBack = site.clock.elapsed() - backAt;
      // Polls that became due during the outage could be sent only after the return.
      pollWaitMs = Math.max(pollWaitMs, Math.min(site.pollOverdueMs(), sinceBack));
      if (sinceBack > PATIENCE_MS) throw new Error('The backlog does not drain.');
    }
    const firstAt = firstTaken(site.arrivals, backAt);
    const lastAt = lastSent(site.arrivals, waiting);
    await load.settle();
    const drain = site.arrivals.filter(({ at }) => at >= firstAt && at <= lastAt);
    return {
      backlog: waiting.size,
      noticedAfterMs: firstAt - backAt,
      drainMs: lastAt - firstAt,
      rate: (drain.length / (lastAt - firstAt)) * (1000 / DEFAULTS.ratePerSecond),
      burst: mostInOneSecond(site.arrivals) / DEFAULTS.ratePerSecond,
      pollWaitMs: Math.max(pollWaitMs, latestFirstPoll(site.arrivals, backAt)),
      inVain: site.arrivals.filter(({ away }) => away).length,
      polls: drain.filter((arrival) => arrival.kind === 'poll').length,
      endings: tally(site.executions().map(({ status }) => status)),
    };
  });
}

function tally(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}

/** Submissions at random moments, at the rate of the load. */
function createLoad(site: Site) {
  const { clock, random } = site;
  const [shortest, longest] = RUN_MS;
  const underWay: Promise<void>[] = [];
  let next = 0;
  let slot = 0;

  const submit = () => {
    const plan: Plan = { runMs: Math.round(shortest + (longest - shortest) * random()), callback: random() >= LOST };
    const submission = site.submit(slot, plan);
    // Rejections are handled where all are awaited.
    submission.catch(() => {});
    underWay.push(submission);
    slot += 1;
  };

  return {
    /** Submits until this moment of the run. */
    until: async (moment: number) => {
      for (; next < moment; next += (-Math.log(1 - random()) * 1000) / LOAD_PER_SECOND) {
        await clock.advance(Math.max(0, Math.round(next) - clock.elapsed()));
        submit();
      }
      await clock.advance(moment - clock.elapsed());
    },
    /** Stops submitting and waits until every execution has ended. */
    settle: async () => {
      await Promise.all(underWay);
      for (let left = site.open(); left.queued + left.sent > 0; left = site.open()) await clock.advance(5_000);
    },
  };
}

function firstTaken(arrivals: readonly Arrival[], backAt: number): number {
  const first = arrivals.find(({ at, kind, away }) => at >= backAt && kind === 'execute' && !away);
  return first?.at ?? backAt;
}

function isAnyQueued(site: Site, waiting: ReadonlySet<string>): boolean {
  return site.executions().some(({ correlationId, status }) => status === 'QUEUED' && waiting.has(correlationId));
}

/** When the last of them arrived at CXone. */
function lastSent(arrivals: readonly Arrival[], waiting: ReadonlySet<string>): number {
  const last = arrivals.findLast(
    ({ kind, away, correlationId }) => kind === 'execute' && !away && waiting.has(correlationId ?? ''),
  );
  if (last === undefined) throw new Error('Nothing that waited was sent.');
  return last.at;
}

/** The longest delay of a first poll after its grace period, among executions accepted since the return; in milliseconds. */
function latestFirstPoll(arrivals: readonly Arrival[], backAt: number): number {
  const takenAt = new Map<string, number>();
  let latest = 0;
  for (const { at, kind, correlationId } of arrivals) {
    if (correlationId === null || at < backAt) continue;
    if (kind === 'execute') takenAt.set(correlationId, at);
    const taken = takenAt.get(correlationId);
    if (kind !== 'poll' || taken === undefined) continue;
    latest = Math.max(latest, at - taken - GRACE_MS);
    takenAt.delete(correlationId);
  }
  return latest;
}

export function mostInOneSecond(arrivals: readonly Pick<Arrival, 'at'>[]): number {
  const moments = arrivals.map(({ at }) => at).toSorted((one, other) => one - other);
  let most = 0;
  let first = 0;
  for (const [index, at] of moments.entries()) {
    while (at - (moments[first] ?? at) >= 1000) first += 1;
    most = Math.max(most, index - first + 1);
  }
  return most;
}

export const measureOutage: Measure = async ({ quick, log, ...ground }) => {
  const [trials, awayMs] = quick ? [1, 10_000] : [3, 60_000];
  const recoveries: (Recovery & { readonly kind: Kind })[] = [];
  for (const kind of ['connection refused', '503'] as const) {
    for (let seed = 1; seed <= trials; seed += 1) {
      recoveries.push({ ...(await outageOf(ground, seed, { kind, awayMs, beforeMs: BEFORE_MS })), kind });
      log(`CXone ${KINDS[kind]}: ${seed} of ${trials}`);
    }
  }
  return rowsOf(recoveries, awayMs);
};

/** Three claims about the same outages. Limits are judged by the worst run, not by the median. */
export function rowsOf(recoveries: readonly (Recovery & { readonly kind: Kind })[], awayMs: number): Row[] {
  const { ratePerSecond } = DEFAULTS;
  const seconds = (ms: number) => Math.round(ms / 100) / 10;
  const worst = (of: (recovery: Recovery) => number) => Math.max(...recoveries.map(of));
  const median = (of: (recovery: Recovery) => number) => spreadOf(recoveries.map(of)).median;
  const what = `CXone away for ${awayMs / 1000} s under ${LOAD_PER_SECOND} submissions/s`;
  const note = `virtual time; ${recoveries.length} outages: CXone ${Object.values(KINDS).join(' or ')}`;
  const ofKinds = Object.entries(Object.groupBy(recoveries, ({ kind }) => kind)).map(
    ([kind, all = []]): [string, number] => [
      `rate, CXone ${KINDS[kind as Kind]}`,
      spreadOf(all.map(({ rate }) => rate)).median,
    ],
  );
  return [
    {
      measure: `${what}: requests/s while the backlog drains`,
      beside: `${ratePerSecond}/s allowed`,
      goal: { atLeast: 0.9 },
      value: spreadOf(recoveries.map(({ rate }) => rate)),
      unit: 'times',
      note,
      context: {
        'waiting when it came back': median(({ backlog }) => backlog),
        'drained after, s': seconds(median(({ drainMs }) => drainMs)),
        'first submission after its return, s': seconds(median(({ noticedAfterMs }) => noticedAfterMs)),
        'the same at worst, s': seconds(worst(({ noticedAfterMs }) => noticedAfterMs)),
        'requests in vain': median(({ inVain }) => inVain),
        ...Object.fromEntries(ofKinds),
        ...tallies(recoveries),
      },
    },
    {
      measure: `${what}: most requests in any one second`,
      beside: `${ratePerSecond}/s allowed`,
      goal: { atMost: 1 },
      // promise: bench-reports-worst-second
      value: spreadOf([worst(({ burst }) => burst)]),
      unit: 'times',
      note: `${note}; the worst of them`,
    },
    {
      measure: `${what}: longest wait of a due poll since the return`,
      beside: null,
      goal: { atMost: LONGEST_SPACING_S },
      value: spreadOf([worst(({ pollWaitMs }) => pollWaitMs) / 1000]),
      unit: 's',
      note: `${note}; the worst of them; by themselves polls come to be ${LONGEST_SPACING_S} s apart`,
      context: { 'polls while it drains': median(({ polls }) => polls) },
    },
  ];
}

/** Final statuses of all outages together. */
function tallies(recoveries: readonly Recovery[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { endings } of recoveries) {
    for (const [status, count] of Object.entries(endings)) sums[status] = (sums[status] ?? 0) + count;
  }
  return sums;
}
