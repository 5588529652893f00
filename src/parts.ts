// Builds the parts of a receiver from its configuration and connects them. Nothing listens yet, and no loop runs.

import { createTokenConcealer } from './callbacks/conceal-tokens.ts';
import type { Config } from './config/config.ts';
import { pollIntervalOf } from './cxone/profile/poll-interval.ts';
import { connectionLimit, heldRequests } from './http/server/connection-limits.ts';
import { type ConnectionCounts, createConnectionCounts } from './http/server/connection-pool.ts';
import type { listen } from './http/server/server.ts';
import type { MissedCallbacks } from './incident/signals.ts';
import { withCommandName } from './lib/command-name.ts';
import { createLifecycle } from './lib/lifecycle.ts';
import type { Log } from './lib/log.ts';
import type { Loop } from './lib/loop.ts';
import { createRemoteClock, type RemoteClock } from './lib/remote-clock.ts';
import { createSteadyClock } from './lib/steady-clock.ts';
import type { World } from './lib/world.ts';
import { clockDifferenceProblem } from './observability/clock-notice.ts';
import { createExecutionLog, createUnreadMemberWarning } from './observability/execution-log.ts';
import { createMetrics, type Metrics } from './observability/metrics/metrics.ts';
import { startTracing } from './observability/tracing/start.ts';
import type { Tracing } from './observability/tracing/tracing.ts';
import { openResources, type ResourceOverrides, type ResourcesOptions } from './resources.ts';
import { type CallbackHealthMonitor, createCallbackHealthMonitor } from './stats/callback-health/monitor.ts';
import { createDashboard } from './stats/dashboard/dashboard.ts';
import { followRepeats } from './stats/repeat-book.ts';
import { createAdvisor } from './stats/timing-advice/advise.ts';
import { followTrail } from './stats/trail-follower.ts';
import { createStreams } from './usecases/follow-events/streams.ts';
import { createSharedControls, type LiveControls, type SharedControls } from './usecases/leader/live-controls.ts';
import { createOwnControls } from './usecases/leader/own-controls.ts';
import { createSharedReports } from './usecases/leader/shared-reports.ts';
import { createSuccession } from './usecases/leader/succession.ts';
import { createReconciliations } from './usecases/reconcile/reconciliations.ts';
import { createWaiters } from './usecases/wait-for-outcome.ts';
import { createAuditHeadLogger } from './workers/audit-head-logger.ts';
import { ANNOUNCE_FOR_MS, createAnnouncer } from './workers/incidents/announcer.ts';
import { createIncidentObserver, type IncidentObserver } from './workers/incidents/observer.ts';
import { createSignalReader } from './workers/incidents/signals.ts';
import { createLanes, type Lanes } from './workers/notifier/lanes.ts';
import { createRetentionClock } from './workers/pruner/retention-clock.ts';

const HELD =
  'the database is a backup or an earlier copy: its queued executions may have been sent since, so they are not sent again';

const UNVERIFIED = withCommandName(
  'the upstream profile is not verified against a tenant: before you rely on it, compare it with yours (npm run doctor)',
);

export interface ReceiverOptions extends Pick<ResourcesOptions, 'upgrade'> {
  readonly config: Config;
  readonly world: World;
  readonly log: Log;
  /** Called when a disk error leaves the state of the database unknown. It must end the process. */
  readonly fatal: (error: unknown) => void;
  /** Starts threads beside the one that answers callbacks, which pays for a program that serves for long; default: false. */
  readonly threads?: boolean;
  /** Replaces PUBLIC_URL by the URL of the webhook's listener, for a receiver that only this machine calls. */
  readonly publicUrlFromListener?: boolean;
  /** True for a world with a time of its own: the clock of a database on a server is then not used; default: false. */
  readonly isOwnTime?: boolean;
  /** File descriptors of inherited listening sockets. They stay open when the receiver stops. */
  readonly sockets?: readonly number[];
  /** Replaces what the receiver otherwise opens itself, for simulations. */
  readonly overrides?: Partial<Overrides>;
}

export interface Overrides extends ResourceOverrides {
  readonly listen: typeof listen;
  readonly metrics: Metrics;
}

export type Parts = Awaited<ReturnType<typeof buildParts>>;

/** How many connections the listeners serve, and how many are open. */
export interface ListenerLimits {
  readonly listeners: number;
  /** Of all listeners together. */
  readonly maxConnections: number;
  readonly connections: ConnectionCounts;
}

export function createListenerLimits({ config, log }: ReceiverOptions, world: World): ListenerLimits {
  const listeners = config.callbackPort === null ? 1 : 2;
  const maxConnections = connectionLimit(listeners, config.maxConnections, log);
  return { listeners, maxConnections, connections: createConnectionCounts(log, world) };
}

export async function buildParts(options: ReceiverOptions, limits: ListenerLimits) {
  const { config, log, fatal, upgrade, isOwnTime = false, threads = false } = options;
  // On a database that receivers share, its clock is that of all of them.
  const serverClock = config.databaseUrl === null ? null : createRemoteClock(options.world);
  const clock = createSteadyClock(timeOf(options.world, isOwnTime ? null : serverClock));
  const { world } = clock;
  const { listen, metrics = createMetrics(), ...overrides } = options.overrides ?? {};
  const { profile } = config.cxone;
  const conceal = createTokenConcealer(config.callbackSecrets).text;
  const tracing = await startTracing(config.tracing, { world, log, conceal });
  const observer = createIncidentObserver(world.now);
  const observed = observedMetrics(metrics, observer);
  const resources = await openResources({
    ...{ config, world, log, fatal, overrides, threads, upgrade, serverClock },
    metrics: observed,
  });
  const { store, cxone } = resources;
  clock.continueFrom(store.newestTime);
  const held = await resources.holdRestoredQueue();
  if (held > 0) log.warn({ held }, HELD);
  if (profile.verified === false) log.info({ profile: profile.name, note: profile.note }, UNVERIFIED);

  const lifecycle = createLifecycle(world, options.sockets);
  const pace = pollIntervalOf(profile, config.pollIntervalMs);
  const { connections, maxConnections, listeners } = limits;
  const waiters = createWaiters(store, world, heldRequests(maxConnections, listeners));
  const streams = createStreams(store, world);
  const lanes = createLanes(world);
  const trail = await followTrail(store, world.now());
  const dashboard = createDashboard(trail, world.now);
  const apps = [...new Set(config.apps.map(({ name }) => name))];
  const health = createCallbackHealthMonitor({ store, world, log, ...pace });
  const live = liveParts({ ...resources, log, tracing, lanes, loops: lifecycle.loops, world, pace, isOwnTime });
  const parts = {
    ...live,
    ...incidentParts({ ...resources, config, log, world, observer, lanes, health, loops: lifecycle.loops }),
    ...{
      ...options,
      ...resources,
      clock,
      clockProblem: () => (isOwnTime ? null : clockDifferenceProblem(serverClock?.aheadMs() ?? 0)),
      world,
      listen,
      metrics: observed,
      tracing,
      lifecycle,
      pace,
      ...{ waiters, streams, lanes },
    },
    headReports: createAuditHeadLogger(store, world, log, config.callbackSecrets),
    ...{ trail, dashboard, apps, retentionNow: createRetentionClock(world) },
    health,
    advisor: createAdvisor({ store, world, log, ...pace }),
    repeats: followRepeats(trail, world.now),
    succession: createSuccession({
      ...{ sharing: live.sharing, leadership: store.leadership, world, log, tokenPause: cxone.tokenPause },
      publishSoon: () => lifecycle.loops().get('publish')?.wake(),
      pause: () => cxone.limiterState().pause,
    }),
  };
  metrics.connect({
    ...{ store, trail, waiters, streams, connections, maxConnections },
    missedCallbackShare: dashboard.missedCallbackShare,
    limiterState: cxone.limiterState,
    openCircuits: () => lanes.openCircuits().length,
    leads: () => store.leadership.term() !== null,
    loops: lifecycle.loops,
    apps,
    queueCapacity: config.queueCapacity,
    databaseFile: store.file,
    ...{ now: world.now, sleep: world.sleep },
  });
  store.watch(createExecutionLog(log, lifecycle.world));
  store.watch(createUnreadMemberWarning(log));
  store.watch(observer.changed);
  store.watchOthers(observer.changed, () => false);
  return parts;
}

/** Returns the world with the clock of the database, unless it has a time of its own or the database is a file. */
function timeOf(world: World, serverClock: RemoteClock | null): World {
  // promise: clock-of-the-database
  return serverClock === null ? world : { ...world, now: serverClock.now };
}

type Resources = Awaited<ReturnType<typeof openResources>>;

interface IncidentSources
  extends Pick<Resources, 'store' | 'cxone' | 'webhooks'>,
    Pick<ReceiverOptions, 'config' | 'log' | 'world'> {
  readonly observer: IncidentObserver;
  readonly lanes: Lanes;
  readonly health: CallbackHealthMonitor;
  readonly loops: () => ReadonlyMap<string, Loop>;
}

interface LiveSources
  extends Pick<Resources, 'store' | 'cxone'>,
    Pick<ReceiverOptions, 'log' | 'world'>,
    Pick<IncidentSources, 'lanes' | 'loops'> {
  readonly tracing: Tracing;
  readonly isOwnTime: boolean;
  readonly pace: ReturnType<typeof pollIntervalOf>;
}

/** What operators see and order of the receiver that sends; `sharing` is null for a database of one process. */
function liveParts({ store, cxone, lanes, loops, world, log, tracing, pace, isOwnTime }: LiveSources) {
  const shared = store.shared && {
    ...store.shared,
    reports: createSharedReports(store.shared.leaderChannel.reports, world),
  };
  const changed = shared?.reports.changed ?? (() => {});
  const reconciliations = createReconciliations({ store, cxone, world, log, tracing, ...pace, changed });
  const own = createOwnControls({ world, isOwnTime, cxone, store, lanes, loops, reconciliations });
  if (shared === null) return { reconciliations, controls: own satisfies LiveControls as LiveControls, sharing: null };
  const { leaderChannel: channel, reports } = shared;
  const controls: SharedControls = createSharedControls(own, {
    ...{ channel, reports, world, log },
    leads: () => store.leadership.term() !== null,
  });
  const stop = () => reconciliations.stop().then(reports.flush);
  return { reconciliations: { ...reconciliations, stop }, controls: controls as LiveControls, sharing: controls };
}

/** `announcer` is null without a webhook for incidents. */
function incidentParts({
  store,
  cxone,
  webhooks,
  config,
  log,
  world,
  observer,
  lanes,
  health,
  loops,
}: IncidentSources) {
  const { incidentWebhook, queueCapacity } = config;
  const announcer = incidentWebhook && createAnnouncer({ store, webhooks, url: incidentWebhook.url, world, log });
  return {
    signals: createSignalReader({
      ...{ store, world, cxone, loops, queueCapacity, samples: observer.samples, openCircuits: lanes.openCircuits },
      webhookProblem: () => announcer?.problem() ?? null,
      missedCallbacks: () => missedCallbacks(health.health),
    }),
    announcer,
    announceForMs: announcer && ANNOUNCE_FOR_MS,
  };
}

/** Incidents are detected from some of what metrics count. */
function observedMetrics(metrics: Metrics, observer: IncidentObserver): Metrics {
  return {
    ...metrics,
    observeCallback: (outcome, milliseconds) => {
      metrics.observeCallback(outcome, milliseconds);
      observer.callback(outcome);
    },
    observeCommit: (batch, milliseconds) => {
      metrics.observeCommit(batch, milliseconds);
      observer.committed(milliseconds);
    },
  };
}

/** Returns what is missing in the last hour, by the newest alert of each action. */
async function missedCallbacks(health: CallbackHealthMonitor['health']): Promise<MissedCallbacks[] | null> {
  const { alerts, countedFrom } = await health(1);
  // Part of the baseline would raise false incidents.
  if (countedFrom !== null) return null;
  const newest = new Map(alerts.toReversed().map((alert) => [alert.actionId, alert]));
  return [...newest.values()].map(({ actionId, missed, outcomes, baseline }) => {
    const shareBefore = baseline.outcomes === 0 ? null : baseline.missed / baseline.outcomes;
    return { actionId, missed, outcomes, shareBefore };
  });
}
