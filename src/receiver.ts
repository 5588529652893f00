// The only wiring: puts the parts together, starts them, and takes them down again without losing anything.

import { createCallbackTokens } from './callbacks/bearer-tokens.ts';
import { createSignedUrls } from './callbacks/signed-url.ts';
import { callbackRulesOf } from './config/callback-rules.ts';
import type { Config } from './config/config.ts';
import { pollIntervalOf } from './cxone/profile/poll-interval.ts';
import { loadProfile } from './cxone/profile/profile.ts';
import { createApp } from './http/app.ts';
import { createCsrfTokens } from './http/console/csrf-tokens.ts';
import type { HttpDependencies } from './http/dependencies.ts';
import { createRateLimits } from './http/middleware/rate-limit.ts';
import { type Listeners, openListeners } from './http/server/listeners.ts';
import type { listen } from './http/server/server.ts';
import { withCommandName } from './lib/command-name.ts';
import { type Log, reasonOf } from './lib/log.ts';
import { type Loop, startLoop } from './lib/loop.ts';
import type { World } from './lib/world.ts';
import { createExecutionLog } from './observability/execution-log.ts';
import { createMetrics, type Metrics } from './observability/metrics/metrics.ts';
import { createReadiness } from './observability/readiness.ts';
import { startTracing } from './observability/tracing/start.ts';
import { type ExternalAccess, openResources } from './resources.ts';
import { createCallbackInsights } from './stats/callback-insights.ts';
import { createDashboard } from './stats/dashboard/dashboard.ts';
import type { Store } from './store/port.ts';
import { createAuditHeadLogger } from './store/signed-head.ts';
import { createStreams } from './usecases/follow-events/streams.ts';
import { createCallbackReceiver } from './usecases/receive-callback.ts';
import { createReconciliations } from './usecases/reconcile/reconciliations.ts';
import { createSubmit } from './usecases/submit.ts';
import { createWaiters } from './usecases/wait-for-outcome.ts';
import { createLanes } from './workers/notifier/lanes.ts';
import { createExportFiles } from './workers/pruner/export-files.ts';
import { startWorkers } from './workers/workers.ts';

/** How long stopping may take: what is in flight by then is given up, durably undecided. */
export const DRAIN_MS = 10_000;

/** How often the files of the TLS certificate are looked at. */
const TLS_CHECK_MS = 10_000;

const UNVERIFIED = withCommandName(
  'the upstream profile is not verified against a tenant: before you rely on it, compare it with yours (npm run doctor)',
);

/** How much of that a collector that takes no spans may hold up. */
const LAST_SPANS_MS = 3_000;

export interface ReceiverOptions {
  readonly config: Config;
  readonly world: World;
  readonly log: Log;
  /** The disk failed so that nobody knows what is on it: must end the process. */
  readonly fatal: (error: unknown) => void;
  /** Replaces PUBLIC_URL by what the webhook's listener turned out to be: for a receiver that only this machine calls. */
  readonly publicUrlFromListener?: boolean;
  /** File descriptors of sockets to listen on, which others hold open too. */
  readonly sockets?: readonly number[];
  /** Replaces parts of the machine by others: for a simulation in which the service is not to touch the real ones. */
  readonly machine?: Partial<Machine>;
}

interface Machine extends ExternalAccess {
  readonly listen: typeof listen;
  readonly metrics: Metrics;
}

export interface Receiver {
  /** Where apps and operators reach it. */
  readonly url: string;
  /** Where CXone reaches it; the same unless CALLBACK_PORT is set apart. */
  readonly webhookUrl: string;
  readonly store: Store;
  /** Not ready, finish what is in flight, commit, close. */
  stop(): Promise<void>;
  /** Takes up the TLS certificate from its files, if it speaks TLS. */
  reload(): Promise<void>;
}

/** @throws {ProfileError | DatabaseRefused | Error} before anything listens, or with everything closed again. */
export async function startReceiver(options: ReceiverOptions): Promise<Receiver> {
  const { config, world, log } = options;
  const profile = loadProfile(config.cxone.profilePath);
  const callbacks = callbackRulesOf(config.callbackSettings, profile.callback.verifiers);
  const { listen: open, metrics = createMetrics(), ...machine } = options.machine ?? {};
  const tracing = await startTracing(config.tracing, world, log);
  const { fatal } = options;
  const outside = openResources({ config, profile, world, log, fatal, machine, observeCommit: metrics.observeCommit });
  const { recorder, store, cxone, courier, notifyRules, notifySecrets } = outside;
  if (profile.verified === false) log.info({ profile: profile.name, note: profile.note }, UNVERIFIED);
  const notifyUrls = new Map(config.notifications.urls.map(({ app, url }) => [app, url]));
  const waiters = createWaiters(store, world);
  const streams = createStreams(store, world);
  let loops: ReadonlyMap<string, Loop> = new Map();
  let draining = false;
  const lanes = createLanes(world);
  metrics.connect({
    ...{ store, waiters, streams },
    limiterState: cxone.limiterState,
    openCircuits: lanes.openCircuits,
    loops: () => loops,
    apps: [...new Set(config.apps.map(({ name }) => name))],
    queueCapacity: config.queueCapacity,
    databasePath: config.databasePath,
    now: world.now,
  });
  // What is still to be said is said when the service ends.
  const ended = new AbortController();
  const lifetime: World = {
    ...world,
    sleep: (ms, signal) => world.sleep(ms, signal ? AbortSignal.any([signal, ended.signal]) : ended.signal),
  };
  store.watch(createExecutionLog(log, lifetime));

  const dashboard = createDashboard(store, world.now);
  const pace = pollIntervalOf(profile, config.pollIntervalMs);
  const insights = createCallbackInsights({ store, world, log, ...pace });
  const reconciliations = createReconciliations({ store, cxone, world, log, tracing, ...pace });

  const http: HttpDependencies = {
    store,
    pages: {
      dashboard,
      upstreamState: cxone.limiterState,
      queueCapacity: config.queueCapacity,
      csrfTokens: createCsrfTokens(config.callbackSecrets, world),
      sensitiveFields: config.sensitiveFields,
    },
    insights,
    reconciliations,
    unsupportedParts: cxone.unsupportedParts,
    submit: createSubmit(store, world, { ...config, notifyUrls }),
    rates: createRateLimits(world, config),
    resolve: recorder.wrapReceiver(createCallbackReceiver(store, cxone, world, config.callbackTrust)),
    waiters,
    streams,
    world: lifetime,
    log,
    tracing,
    callbackUrls: createSignedUrls(config.publicUrl, config.callbackSecrets),
    callbackRules: callbacks.rules,
    callbackTokens: callbacks.tokens && createCallbackTokens(callbacks.tokens, config.callbackSecrets, world),
    notifyRules,
    notifySecrets,
    trustedProxies: config.trustedProxies,
    apps: config.apps,
    operators: config.operators,
    readers: config.readers,
    // Sockets that outlive this process bring nothing new while it stops, and what they had brought is accepted.
    draining: () => draining && !listeners.outlive,
    ready: createReadiness({ store, world, loops: () => loops, draining: () => draining }),
    metrics: metrics.scrape,
    observeRequest: metrics.observeRequest,
    observeCallback: metrics.observeCallback,
    observeTokenRequest: metrics.observeTokenRequest,
    observeKeyRefusal: metrics.observeKeyRefusal,
  };

  let listeners: Listeners;
  try {
    const { sockets = [] } = options;
    const place = { ...config, sockets, now: world.now, log, ...(open ? { open } : {}) };
    listeners = await openListeners((surface) => createApp(http, surface), place);
  } catch (error) {
    await outside.close();
    throw error;
  }
  const { tls } = listeners;

  // Only now, with CXone's way back open, is anything sent.
  const publicUrl = options.publicUrlFromListener ? listeners.webhookUrl : config.publicUrl;
  const callbackUrls = createSignedUrls(publicUrl, config.callbackSecrets);
  const heads = createAuditHeadLogger(store, world, log, config.callbackSecrets);
  loops = new Map([
    ...startWorkers({
      ...{ store, cxone, webhooks: courier, lanes, callbackUrls, world, log, tracing, rules: { ...config, ...pace } },
      exports: config.retentionExportDir === null ? null : createExportFiles(config.retentionExportDir, world),
      secrets: config.callbackSecrets,
    }),
    ['audit-head', startLoop('audit-head', heads.work, world, log)],
    ['figures', startLoop('figures', dashboard.work, world, log)],
    ['insights', startLoop('insights', insights.work, world, log)],
    ...(tls ? [['tls', startLoop('tls', () => tls.check().then(() => TLS_CHECK_MS), world, log)] as const] : []),
  ]);

  // Says at once whether CXone gives a token and with which scopes; nothing waits for it.
  cxone.authorize().catch((error: unknown) => log.warn({ reason: reasonOf(error) }, 'CXone gives no token yet'));

  async function stop(): Promise<void> {
    draining = true;
    const late = world.now() + DRAIN_MS;
    const closing = listeners.outlive ? listeners.close(DRAIN_MS) : null;
    waiters.release();
    streams.release();
    const atWork = [...[...loops.values()].map((loop) => loop.stop()), reconciliations.stop()];
    await inTime(Promise.all(atWork), late);
    await (closing ?? listeners.close(Math.max(0, late - world.now())));
    await outside.close();
    ended.abort();
    // What the trail holds for as long as nobody writes it.
    await heads.report();
    // Last, when nothing else can be held up.
    await inTime(tracing.close(), Math.min(late, world.now() + LAST_SPANS_MS));
  }

  async function inTime(work: Promise<unknown>, late: number): Promise<void> {
    const done = new AbortController();
    const timer = world.sleep(late - world.now(), done.signal);
    await Promise.race([work.finally(() => done.abort()), timer]);
  }

  const { url, webhookUrl } = listeners;
  return { url, webhookUrl, store, stop, reload: async () => tls?.reload() };
}
