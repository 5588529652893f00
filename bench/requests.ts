// Counts the requests to CXone per execution, with healthy and lost callbacks, against an app that polls.

import type { Clock } from '../test/simulation/clock.ts';
import type { Run } from '../test/simulation/truth.ts';
import { type Measure, type Row, spreadOf } from './measure.ts';
import { createPoller, POLL_EVERY_MS } from './poller.ts';
import { type Ground, inVirtualTime, type Plan, type Site } from './virtual.ts';

/** Run times are log-uniform in this span: as many between 1 and 5.5 s as between 5.5 and 30 s. */
const SHORTEST_MS = 1_000;
const LONGEST_MS = 30_000;

/** Time between submissions in milliseconds: far below every limit. */
const SPACING_MS = 200;
/** Interval of the check whether all executions have ended, in milliseconds. */
const STEP_MS = 5_000;

const LOSSES = [0, 0.1, 1] as const;

export interface Workload {
  readonly executions: number;
  /** Share of callbacks that get lost. */
  readonly lost: number;
  /** The app's grace period; null uses the default of GRACE_SECONDS, 10. */
  readonly graceSeconds: number | null;
}

export interface Cost {
  /** Executes and polls per execution. */
  readonly requests: number;
  readonly polling: number;
  readonly tokens: number;
  /** Share of executions that were still running at the end of their grace period. */
  readonly outlasting: number;
  /** Median seconds from the true end until the receiver knew, for executions with a lost callback; null without any. */
  readonly lostLagSeconds: number | null;
  /** The same for all executions of the polling app. */
  readonly pollingLagSeconds: number;
}

/** Runs one seeded story twice on the same CXone: through the receiver, and with an app that polls. */
export function costOf(ground: Ground, seed: number, workload: Workload): Promise<Cost> {
  return inVirtualTime(ground, seed, async (site) => {
    const plans = Array.from({ length: workload.executions }, () => planOf(site.random, workload));
    const poller = createPoller({
      fetch: site.fetch,
      sleep: site.clock.sleep,
      baseUrl: 'https://cxone.example',
      clientId: 'app',
      clientSecret: 'app-secret',
    });
    const underWay: Promise<void>[] = [];
    const polledAt = new Map<number, number>();
    for (const [slot, plan] of plans.entries()) {
      const other = plans.length + slot;
      site.expect(other, { ...plan, callback: false });
      const polled = poller.run(`polled-${slot}`, 'look-up', { slot: other }).then((known) => {
        demandCompleted(known);
        polledAt.set(other, site.clock.elapsed());
      });
      for (const work of [polled, site.submit(slot, plan)]) {
        // Rejections are handled where all are awaited.
        work.catch(() => {});
        underWay.push(work);
      }
      await site.clock.advance(SPACING_MS);
    }
    await untilSettled(site.clock, Promise.all(underWay));
    await untilAllEnded(site);
    return { ...receiverCost(site, plans), ...pollingCost(site, polledAt, poller.requests) };
  });
}

function planOf(random: () => number, { lost, graceSeconds }: Workload): Plan {
  const runMs = Math.round(SHORTEST_MS * (LONGEST_MS / SHORTEST_MS) ** random());
  return { runMs, callback: random() >= lost, ...(graceSeconds === null ? {} : { graceSeconds }) };
}

/** Waits in virtual time. */
async function untilSettled(clock: Clock, work: Promise<unknown>): Promise<void> {
  let settled = false;
  const done = () => {
    settled = true;
  };
  work.then(done, done);
  while (!settled) await clock.advance(STEP_MS);
  await work;
}

/** Every execution ends by the queue timeout or the polling window at the latest. */
async function untilAllEnded({ clock, open }: Site): Promise<void> {
  for (let left = open(); left.queued + left.sent > 0; left = open()) await clock.advance(STEP_MS);
}

function demandCompleted({ status }: { readonly status: string }): void {
  if (status !== 'COMPLETED') throw new Error(`An execution of the app that polls ended as ${status}.`);
}

function receiverCost(site: Site, plans: readonly Plan[]): Omit<Cost, 'polling' | 'pollingLagSeconds'> {
  const ended = site.executions();
  const other = ended.find(({ status }) => status !== 'COMPLETED');
  if (ended.length !== plans.length || other !== undefined)
    throw new Error(`Of ${plans.length} executions ${ended.length} were stored, and one is ${other?.status}.`);
  const knownAt = new Map(ended.map(({ correlationId, resolvedAt }) => [correlationId, resolvedAt ?? Number.NaN]));
  const lost = site.runs.filter(({ slot }) => plans[slot]?.callback === false);
  const count = (kind: string) => site.arrivals.filter((arrival) => arrival.kind === kind).length;
  return {
    // promise: bench-counts-all-requests
    requests: (count('execute') + count('poll')) / plans.length,
    tokens: count('token'),
    outlasting: plans.filter(({ runMs, graceSeconds = 10 }) => runMs > graceSeconds * 1000).length / plans.length,
    lostLagSeconds: lost.length === 0 ? null : medianLag(lost, ({ correlationId }) => knownAt.get(correlationId)),
  };
}

function pollingCost(
  { runs }: Site,
  polledAt: ReadonlyMap<number, number>,
  { execute, poll }: { execute: number; poll: number },
): Pick<Cost, 'polling' | 'pollingLagSeconds'> {
  const polled = runs.filter(({ slot }) => polledAt.has(slot));
  return {
    polling: (execute + poll) / polled.length,
    pollingLagSeconds: medianLag(polled, ({ slot }) => polledAt.get(slot)),
  };
}

/** In seconds from the true end. */
function medianLag(runs: readonly Run[], knownAt: (run: Run) => number | undefined): number {
  return spreadOf(runs.map((run) => ((knownAt(run) ?? Number.NaN) - run.endsAt) / 1000)).median;
}

export const measureRequests: Measure = async ({ quick, log, ...ground }) => {
  const [trials, executions] = quick ? [3, 100] : [8, 400];
  const rows: Row[] = [];
  for (const graceSeconds of [null, LONGEST_MS / 1000]) {
    for (const lost of LOSSES) {
      const costs: Cost[] = [];
      for (let seed = 1; seed <= trials; seed += 1) {
        costs.push(await costOf(ground, seed, { executions, lost, graceSeconds }));
      }
      rows.push(rowOf(costs, lost, graceSeconds, executions));
      log(`CXone requests per execution: ${rows.length} of 6`);
    }
  }
  return rows;
};

const HEALTH = { 0: 'callbacks healthy', 0.1: '10% of callbacks lost', 1: 'all callbacks lost' } as const;

function rowOf(costs: readonly Cost[], lost: keyof typeof HEALTH, grace: number | null, executions: number): Row {
  const measure = `CXone requests per execution, ${HEALTH[lost]}`;
  const requests = spreadOf(costs.map((cost) => cost.requests));
  const polling = spreadOf(costs.map((cost) => cost.polling));
  const ratio = spreadOf(costs.map((cost) => cost.requests / cost.polling));
  const outlasting = spreadOf(costs.map((cost) => cost.outlasting)).median;
  const lags = costs.flatMap(({ lostLagSeconds }) => lostLagSeconds ?? []);
  const said = grace === null ? 'the default grace period of 10 s' : `the app says graceSeconds: ${grace}`;
  return {
    measure: grace === null ? measure : `${measure}, grace period to fit`,
    beside: `polling every ${POLL_EVERY_MS / 1000} s`,
    ...(lost === 1
      ? { goal: { atMost: 1 }, value: ratio, unit: 'times' }
      : { goal: { atMost: lost === 0 ? 1 : 1.3 }, value: requests, unit: 'requests' }),
    note: `virtual time; actions run 1 to 30 s (log-uniform), ${said}; ${Math.round(outlasting * 100)}% run longer than that`,
    context: {
      'requests per execution': requests.median,
      'of an app that polls': polling.median,
      'times those': ratio.median,
      'token requests': spreadOf(costs.map(({ tokens }) => tokens)).median,
      'executions a trial': executions,
      ...(lags.length === 0 ? {} : { 'known after a lost callback, s': spreadOf(lags).median }),
      'known by polling, s': spreadOf(costs.map(({ pollingLagSeconds }) => pollingLagSeconds)).median,
    },
  };
}
