// The composition root: builds the parts, serves HTTP, starts the loops, and stops everything in order.

import { createCallbackTokens } from './callbacks/bearer-tokens.ts';
import { createCallbackChecks } from './callbacks/checks.ts';
import { createSignedUrls } from './callbacks/signed-url.ts';
import { callbackRulesOf } from './config/callback-rules.ts';
import type { Config } from './config/config.ts';
import { pollIntervalOf } from './cxone/profile/poll-interval.ts';
import { loadProfile } from './cxone/profile/profile.ts';
import { createApp } from './http/app.ts';
import { createCsrfTokens } from './http/console/csrf-tokens.ts';
import type { HttpDependencies } from './http/dependencies.ts';
import { createRateLimits } from './http/middleware/rate-limit.ts';
import { createBodies } from './http/request/body-budget.ts';
import { connectionLimit, heldRequests } from './http/server/connection-limits.ts';
import { createConnectionCounts } from './http/server/connection-pool.ts';
import { type Listeners, openListeners } from './http/server/listeners.ts';
import type { listen } from './http/server/server.ts';
import { withCommandName } from './lib/command-name.ts';
import { createLifecycle, within } from './lib/lifecycle.ts';
import { type Log, reasonOf } from './lib/log.ts';
import { startLoop, type Work } from './lib/loop.ts';
import { createSteadyClock } from './lib/steady-clock.ts';
import type { World } from './lib/world.ts';
import { createExecutionLog } from './observability/execution-log.ts';
import { createMetrics, type Metrics } from './observability/metrics/metrics.ts';
import { createReadiness } from './observability/readiness.ts';
import { startTracing } from './observability/tracing/start.ts';
import { createUnreadMemberWarning } from './observability/unread-members.ts';
import { openResources, type ResourceOverrides } from './resources.ts';
import { createCallbackHealthMonitor } from './stats/callback-health/monitor.ts';
import { createDashboard } from './stats/dashboard/dashboard.ts';
import { createAdvisor } from './stats/timing-advice/advise.ts';
import { followTrail } from './stats/trail-follower.ts';
import type { Store } from './store/port.ts';
import { createStreams } from './usecases/follow-events/streams.ts';
import { createCallbackReceiver } from './usecases/receive-callback.ts';
import { createReconciliations } from './usecases/reconcile/reconciliations.ts';
import { createSubmit } from './usecases/submit.ts';
import { createWaiters } from './usecases/wait-for-outcome.ts';
import { createAuditHeadLogger } from './workers/audit-head-logger.ts';
import { createFileAndClockWatch } from './workers/clock-watch.ts';
import { createLanes } from './workers/notifier/lanes.ts';
import { createExportFiles } from './workers/pruner/export-files.ts';
import { createCopyFinder } from './workers/pruner/find-exports.ts';
import { startWorkers } from './workers/workers.ts';

/** The time limit for stopping, in milliseconds. Work that is unfinished by then keeps its durable state and is abandoned. */
export const DRAIN_MS = 10_000;

/** The interval at which the files of the TLS certificate are checked, in milliseconds. */
const TLS_CHECK_MS = 10_000;
const HELD = 'the database is a backup: its queued executions may have been sent since, so they are not sent again';

/** The time limit for exporting the last spans, in milliseconds. */
const LAST_SPANS_MS = 3_000;

const UNVERIFIED = withCommandName(
  'the upstream profile is not verified against a tenant: before you rely on it, compare it with yours (npm run doctor)',
);

export interface ReceiverOptions {
  readonly config: Config;
  readonly world: World;
  readonly log: Log;
  /** Called when a disk error leaves the state of the database unknown. It must end the process. */
  readonly fatal: (error: unknown) => void;
  /** Replaces PUBLIC_URL by the URL of the webhook's listener, for a receiver that only this machine calls. */
  readonly publicUrlFromListener?: boolean;
  /** File descriptors of inherited listening sockets. They stay open when the receiver stops. */
  readonly sockets?: readonly number[];
  /** Replaces what the receiver otherwise opens itself, for simulations. */
  readonly overrides?: Partial<Overrides>;
}

interface Overrides extends ResourceOverrides {
  readonly listen: typeof listen;
  readonly metrics: Metrics;
}

export interface Receiver {
  /** The URL for apps and operators. */
  readonly url: string;
  /** The URL for CXone; it differs from `url` if CALLBACK_PORT is a port of its own. */
  readonly webhookUrl: string;
  readonly store: Store;
  /** Becomes not ready, finishes what is in flight, commits and closes. */
  stop(): Promise<void>;
  /** Reads the files of the TLS certificate again, if the receiver serves TLS. */
  reload(): Promise<void>;
}

/** @throws {ProfileError | DatabaseRefused | Error} before anything listens, or after closing everything again. */
export async function startReceiver(options: ReceiverOptions): Promise<Receiver> {
  const parts = await buildParts(options);
  const listeners = await serve(parts);
  const { url, webhookUrl, tls } = listeners;
  startLoops(parts, listeners);
  // Reports early whether CXone issues a token, and with which scopes. Nothing waits for the result.
  parts.cxone
    .authorize()
    .catch((error: unknown) => parts.log.warn({ reason: reasonOf(error) }, 'CXone gives no token yet'));
  return {
    url,
    webhookUrl,
    store: parts.store,
    stop: () => stop(parts, listeners),
    reload: async () => tls?.reload(),
  };
}

type Parts = Awaited<ReturnType<typeof buildParts>>;

async function buildParts(options: ReceiverOptions) {
  const { config, log, fatal } = options;
  const clock = createSteadyClock(options.world);
  const { world } = clock;
  const { listen, metrics = createMetrics(), ...overrides } = options.overrides ?? {};
  const profile = loadProfile(config.cxone.profilePath);
  const callbackRules = callbackRulesOf(config.callbackSettings, profile.callback.verifiers);
  const tracing = await startTracing(config.tracing, world, log);
  const { observeCommit } = metrics;
  const resources = openResources({ config, profile, world, log, fatal, overrides, observeCommit });
  const { store, cxone } = resources;
  const held = await resources.holdRestoredQueue();
  if (held > 0) log.warn({ held }, HELD);
  if (profile.verified === false) log.info({ profile: profile.name, note: profile.note }, UNVERIFIED);

  const lifecycle = createLifecycle(world, options.sockets);
  const pace = pollIntervalOf(profile, config.pollIntervalMs);
  const connections = createConnectionCounts(log, lifecycle.world);
  const maxConnections = connectionLimit(config.callbackPort === null ? 1 : 2, log);
  const waiters = createWaiters(store, world, heldRequests(maxConnections));
  const streams = createStreams(store, world);
  const lanes = createLanes(world);
  const trail = await followTrail(store);
  const dashboard = createDashboard(trail, world.now);
  const parts = {
    ...{
      ...options,
      ...resources,
      clock,
      world,
      listen,
      metrics,
      callbackRules,
      tracing,
      lifecycle,
      pace,
      ...{ waiters, connections, maxConnections, streams, lanes },
    },
    headReports: createAuditHeadLogger(store, world, log, config.callbackSecrets),
    ...{ trail, dashboard },
    health: createCallbackHealthMonitor({ store, trail, world, log, ...pace }),
    advise: createAdvisor({ store, world, ...pace }),
    reconciliations: createReconciliations({ store, cxone, world, log, tracing, ...pace }),
  };
  metrics.connect({
    ...{ store, trail, waiters, streams, connections, maxConnections },
    missedCallbackShare: dashboard.missedCallbackShare,
    limiterState: cxone.limiterState,
    openCircuits: () => lanes.openCircuits().length,
    loops: lifecycle.loops,
    apps: [...new Set(config.apps.map(({ name }) => name))],
    queueCapacity: config.queueCapacity,
    databasePath: store.databasePath,
    databaseFileLost: () => store.checkFile() !== null,
    now: world.now,
  });
  store.watch(createExecutionLog(log, lifecycle.world));
  store.watch(createUnreadMemberWarning(log));
  return parts;
}

function httpDependencies(parts: Parts): HttpDependencies {
  const { config, world, log, store, cxone, recorder, lifecycle, callbackRules } = parts;
  const { rules, tokens } = callbackRules;
  const callbackTokens = tokens && createCallbackTokens(tokens, config.callbackSecrets, world);
  const notifyUrls = new Map(config.notifications.urls.map(({ app, url }) => [app, url]));
  const { loops, draining } = lifecycle;
  return {
    store,
    runtime: { world: lifecycle.world, log, tracing: parts.tracing },
    access: config,
    lifecycle: { draining: lifecycle.refusesSubmissions, ready: createReadiness({ store, world, loops, draining }) },
    submissions: {
      submit: createSubmit(store, world, { ...config, notifyUrls }),
      unsupportedParts: cxone.unsupportedParts,
      rates: createRateLimits(world, config),
      notifyRules: parts.notifyRules,
    },
    bodies: createBodies(config),
    events: { waiters: parts.waiters, streams: parts.streams },
    webhook: {
      receive: recorder.wrapReceiver(createCallbackReceiver(store, cxone, world, config.callbackTrust)),
      signedUrls: createSignedUrls(config.publicUrl, config.callbackSecrets),
      checks: createCallbackChecks(rules, callbackTokens),
      tokens: callbackTokens,
    },
    notificationSecrets: parts.notifySecrets,
    pauses: { current: () => cxone.limiterState().pause, lift: cxone.liftPause },
    reconciliations: parts.reconciliations,
    copiesOf: createCopyFinder(config.retentionExportDir, store.copies),
    pages: {
      dashboard: parts.dashboard,
      health: parts.health.health,
      advise: parts.advise,
      unknownWords: parts.store.unknownWords,
      openCircuits: parts.lanes.openCircuits,
      upstreamState: () => ({
        ...{ ...cxone.limiterState(), tokenProblem: cxone.tokenProblem() },
        ...{ gatewayReports: cxone.gatewayReports(), connectionProblems: cxone.connectionProblems() },
      }),
      queueCapacity: config.queueCapacity,
      csrfTokens: createCsrfTokens(config.callbackSecrets, world),
      sensitiveFields: config.sensitiveFields,
    },
    metrics: parts.metrics,
  };
}

/** @throws {Error} after closing the resources if a listener cannot be opened. */
async function serve(parts: Parts): Promise<Listeners> {
  const { config, world, log, listen, sockets = [] } = parts;
  const http = httpDependencies(parts);
  const { connections, maxConnections } = parts;
  const options = {
    ...{ ...config, sockets, now: world.now, log, connections, maxConnections },
    ...(listen && { open: listen }),
  };
  try {
    return await openListeners((role) => createApp(http, role), options);
  } catch (error) {
    await parts.close();
    throw error;
  }
}

/** Runs after `serve`: nothing is sent to CXone before its callbacks can be received. */
function startLoops(parts: Parts, { webhookUrl, tls }: Listeners): void {
  const { config, world, log, pace } = parts;
  const publicUrl = parts.publicUrlFromListener ? webhookUrl : config.publicUrl;
  const start = (name: string, work: Work) => [name, startLoop(name, work, world, log)] as const;
  const workers = startWorkers({
    ...parts,
    callbackUrls: createSignedUrls(publicUrl, config.callbackSecrets),
    links: { ...config.notifications.links, baseUrl: config.notifications.links.baseUrl ?? publicUrl },
    rules: { ...config, ...pace },
    exports:
      config.retentionExportDir === null
        ? null
        : createExportFiles(config.retentionExportDir, world, config.databaseMode),
    secrets: config.callbackSecrets,
  });
  parts.lifecycle.started(
    new Map([
      ...workers,
      start('audit-head', parts.headReports.work),
      start('figures', parts.trail.work),
      start('insights', parts.health.work),
      start('watch', createFileAndClockWatch({ ...parts, loops: parts.lifecycle.loops })),
      ...(tls ? [start('tls', () => tls.check().then(() => TLS_CHECK_MS))] : []),
    ]),
  );
}

async function stop(parts: Parts, listeners: Listeners): Promise<void> {
  const { world, lifecycle } = parts;
  const deadline = world.elapsed() + DRAIN_MS;
  let closing: Promise<void> | undefined;
  const closeListeners = () => {
    closing ??= listeners.close(Math.max(0, deadline - world.elapsed()));
    return closing;
  };
  const stopLoops = () =>
    Promise.all([...[...lifecycle.loops().values()].map((loop) => loop.stop()), parts.reconciliations.stop()]);

  const steps: readonly (() => unknown)[] = [
    lifecycle.drain,
    // Without inherited sockets, requests are accepted until the loops have stopped, so that clients get responses.
    () => void (lifecycle.socketsOutlive && closeListeners()),
    parts.waiters.release,
    parts.streams.release,
    () => within(world, stopLoops(), deadline),
    closeListeners,
    parts.close,
    lifecycle.end,
    // After the last commit, so that the signed head covers the whole audit trail.
    parts.headReports.report,
    // Last, because a slow collector must hold up nothing else.
    () => within(world, parts.tracing.close(), Math.min(deadline, world.elapsed() + LAST_SPANS_MS)),
  ];
  for (const step of steps) await step();
}
