// The composition root: builds the parts, serves HTTP, starts the loops, and stops everything in order.

import { createCallbackTokens } from './callbacks/bearer-tokens.ts';
import { createCallbackChecks } from './callbacks/checks.ts';
import { createSignedUrls } from './callbacks/signed-url.ts';
import { callbackRulesOf } from './config/callback-rules.ts';
import { type App, createApp } from './http/app.ts';
import { createCsrfTokens } from './http/console/csrf-tokens.ts';
import { createSuggestions, type Suggestions } from './http/console/suggestions.ts';
import type { HttpDependencies } from './http/dependencies.ts';
import {
  createSubmissionThread,
  type SubmissionThread,
} from './http/executions/large-submissions/submission-reader.ts';
import type { Fetch, ListenerRole } from './http/fetch.ts';
import { createRateLimits } from './http/middleware/rate-limit.ts';
import { createSessions } from './http/middleware/sessions.ts';
import { createBodies } from './http/request/body-budget.ts';
import { type Listeners, openListeners } from './http/server/listeners.ts';
import { createDuty, type Duty } from './lib/duty.ts';
import { createLifecycle, within } from './lib/lifecycle.ts';
import { reasonOf } from './lib/log.ts';
import { type Loop, startLoop, type Work } from './lib/loop.ts';
import { createClockNotices } from './observability/clock-notice.ts';
import { createReadiness } from './observability/readiness.ts';
import { buildParts, createListenerLimits, type ListenerLimits, type Parts, type ReceiverOptions } from './parts.ts';
import type { Store } from './store/port.ts';
import { createCallbackReceiver } from './usecases/receive-callback.ts';
import { createSubmit } from './usecases/submit.ts';
import { createFileAndClockWatch, noteTime } from './workers/clock-watch.ts';
import { createIncidentWatch } from './workers/incidents/watcher.ts';
import { createExportFiles, exportFolderProblem } from './workers/pruner/export-files.ts';
import { createCopyFinder } from './workers/pruner/find-exports.ts';
import { startWorkers, type WorkerTools } from './workers/workers.ts';

/** The time limit for stopping, in milliseconds. Work that is unfinished by then keeps its durable state and is abandoned. */
export const DRAIN_MS = 10_000;

/** How long a leader waits for what it has begun before it hands over, in milliseconds. It waits for the rest afterwards. */
const HAND_OVER_MS = 500;

/** The interval at which the files of the TLS certificate are checked, in milliseconds. */
const TLS_CHECK_MS = 10_000;

/** The time limit for exporting the last spans, in milliseconds. */
const LAST_SPANS_MS = 3_000;

const NO_EXPORTS =
  'no export can be written to RETENTION_EXPORT_DIR, so that nothing will be pruned: make the folder, or let the receiver write there';

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
  const lifecycle = createLifecycle(options.world);
  const limits = createListenerLimits(options, lifecycle.world);
  const parts = await buildParts(options, limits);
  const submissions = createSubmissionThread(parts);
  const suggestions = createSuggestions(parts);
  const http = httpDependencies(parts, submissions, suggestions);
  const apps: App[] = [];
  const appFor = (role: ListenerRole) => {
    const app = createApp(http, role);
    apps.push(app);
    return app;
  };
  const listeners = await serve(appFor, options, limits).catch(async (error: unknown) => {
    submissions.close();
    await parts.close();
    throw error;
  });
  const { url, webhookUrl, tls } = listeners;
  const leading = lead(parts, listeners, createPagesWork(suggestions, options.threads ? apps : []));
  return {
    url,
    webhookUrl,
    store: parts.store,
    stop: async () => {
      await stop({ parts, submissions, leading, listeners });
      lifecycle.end();
    },
    reload: async () => tls?.reload(),
  };
}

/** Keeps what pages show without waiting for it, and makes the first pages once. */
function createPagesWork(suggestions: Suggestions, apps: readonly App[]): Work {
  const unprepared = [...apps];
  return async (round) => {
    const nextMs = await suggestions.work(round);
    for (const app of unprepared.splice(0)) await app.prepare();
    return nextMs;
  };
}

/** Reports early whether CXone issues a token, and with which scopes. Nothing waits for the result. */
function reportToken({ cxone, log }: Parts): void {
  cxone.authorize().catch((error: unknown) => log.warn({ reason: reasonOf(error) }, 'CXone gives no token yet'));
}

/** Reports early what would otherwise show only when entries are old enough to be pruned. */
async function reportExports({ config: { retentionExportDir: folder }, log }: Parts): Promise<void> {
  const reason = folder === null ? null : await exportFolderProblem(folder);
  if (reason !== null) log.warn({ folder, reason }, NO_EXPORTS);
}

function httpDependencies(parts: Parts, submissions: SubmissionThread, suggestions: Suggestions): HttpDependencies {
  const { config, world, log, store, cxone, recorder, lifecycle, controls } = parts;
  const { rules, tokens } = callbackRulesOf(config.callbackSettings, config.cxone.profile.callback.verifiers);
  const callbackTokens = tokens && createCallbackTokens(tokens, config.callbackSecrets, world);
  const notifyUrls = new Map(config.notifications.urls.map(({ app, url }) => [app, url]));
  const { loops, draining } = lifecycle;
  return {
    store,
    runtime: { world: lifecycle.world, log, tracing: parts.tracing },
    access: { ...config, sessions: createSessions(config.callbackSecrets, config, { world, store }) },
    lifecycle: {
      draining: lifecycle.refusesSubmissions,
      ready: createReadiness({ store, log, world, loops, draining, clockProblem: parts.clockProblem }),
      notices: createClockNotices(store, world),
    },
    submissions: {
      submit: createSubmit(store, world, { ...config, notifyUrls }, submissions),
      reader: submissions,
      unsupportedParts: cxone.unsupportedParts,
      rates: createRateLimits(world, config, store.shared),
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
    controls,
    announceForMs: parts.announceForMs,
    copiesOf: createCopyFinder(config.retentionExportDir, store.file?.copies ?? (() => [])),
    pages: {
      dashboard: parts.dashboard,
      health: parts.health.health,
      advice: parts.advisor.latest,
      unknownWords: parts.store.unknownWords,
      repeats: parts.repeats,
      queueCapacity: config.queueCapacity,
      queueTimeoutMs: config.queueTimeoutMs,
      apps: parts.apps,
      suggestions,
      csrfTokens: createCsrfTokens(config.callbackSecrets, world),
      sensitiveFields: config.sensitiveFields,
    },
    metrics: parts.metrics,
  };
}

/** @throws {Error} if a listener cannot be opened. */
function serve(
  appFor: (role: ListenerRole) => Fetch,
  options: ReceiverOptions,
  { connections, maxConnections }: ListenerLimits,
): Promise<Listeners> {
  const { config, world, log, sockets = [], overrides: { listen } = {} } = options;
  return openListeners(appFor, {
    ...{ ...config, sockets, now: world.now, log, connections, maxConnections },
    ...(listen && { open: listen }),
  });
}

type Loops = readonly (readonly [name: string, loop: Loop])[];

/**
 * Starts the loops of every receiver, and those of the leader in each term of this one. Runs after `serve`: nothing is sent to CXone
 * before its callbacks can be received.
 */
function lead(parts: Parts, { webhookUrl, tls }: Listeners, pagesWork: Work): Duty {
  const { world, log, lifecycle } = parts;
  const { leadership } = parts.store;
  const publicUrl = parts.publicUrlFromListener ? webhookUrl : parts.config.publicUrl;
  const start = (name: string, work: Work) => [name, startLoop(name, work, world, log)] as const;
  const ofAll: Loops = [
    start('figures', parts.trail.work),
    start('pages', pagesWork),
    start(
      'watch',
      createFileAndClockWatch({ ...parts, loops: lifecycle.loops, leads: () => leadership.term() !== null }),
    ),
    ...(tls ? [start('tls', () => tls.check().then(() => TLS_CHECK_MS))] : []),
  ];
  const run = (ofLeader: Loops) => lifecycle.started(new Map([...ofAll, ...ofLeader]));
  let terms = 0;
  const duty = createDuty({
    begin: async () => {
      terms += 1;
      await parts.succession.takeOver();
      const workers = startWorkers(workerTools(parts, publicUrl));
      const signals = (isFirst: boolean) => parts.signals(isFirst && terms === 1);
      const loops: Loops = [
        ...workers.loops,
        start('audit-head', parts.headReports.work),
        start('insights', parts.health.work),
        start('incidents', createIncidentWatch({ ...parts, changed: parts.controls.incidentsChanged, signals })),
        ...(parts.announcer === null ? [] : [start('announcer', parts.announcer.work)]),
        ...Object.entries(parts.sharing?.works() ?? {}).map(([name, work]) => start(name, work)),
      ];
      run(loops);
      reportToken(parts);
      void reportExports(parts);
      return { ...workers, loops };
    },
    end: async ({ loops, unwatch }) => {
      unwatch();
      // While the receiver stops, its readiness still shows them.
      if (!lifecycle.draining()) run([]);
      await within(world, Promise.all(loops.map(([, loop]) => loop.stop())), world.elapsed() + DRAIN_MS);
    },
  });
  run([]);
  parts.cxone.watchPause(parts.succession.pauseChanged);
  duty.assign(leadership.term());
  leadership.watch(duty.assign);
  return duty;
}

function workerTools(parts: Parts, publicUrl: string): WorkerTools {
  const { config, world, pace, clock } = parts;
  return {
    ...parts,
    movedMs: clock.movedMs,
    callbackUrls: createSignedUrls(publicUrl, config.callbackSecrets),
    links: { ...config.notifications.links, baseUrl: config.notifications.links.baseUrl ?? publicUrl },
    rules: { ...config, ...pace },
    exports:
      config.retentionExportDir === null
        ? null
        : createExportFiles(config.retentionExportDir, world, config.databaseMode),
    secrets: config.callbackSecrets,
  };
}

interface Running {
  readonly parts: Parts;
  readonly submissions: SubmissionThread;
  readonly leading: Duty;
  readonly listeners: Listeners;
}

async function stop({ parts, submissions, leading, listeners }: Running): Promise<void> {
  const { world, lifecycle } = parts;
  const deadline = world.elapsed() + DRAIN_MS;
  let closing: Promise<void> | undefined;
  const closeListeners = () => {
    closing ??= listeners.close(Math.max(0, deadline - world.elapsed()));
    return closing;
  };
  const stopLoops = async () => {
    const ended = Promise.all([leading.stop(), parts.reconciliations.stop()]);
    await within(world, ended, world.elapsed() + HAND_OVER_MS);
    await parts.succession.handOver();
    await ended;
    await Promise.all([...lifecycle.loops().values()].map((loop) => loop.stop()));
  };

  const steps: readonly (() => unknown)[] = [
    lifecycle.drain,
    // Without inherited sockets, requests are accepted until the loops have stopped, so that clients get responses.
    () => void (lifecycle.socketsOutlive && closeListeners()),
    parts.waiters.release,
    parts.streams.release,
    () => within(world, stopLoops(), deadline),
    closeListeners,
    submissions.close,
    () => noteTime(parts.store, world.now(), parts.log),
    parts.close,
    lifecycle.end,
    // After the last commit, so that the signed head covers the whole audit trail.
    parts.headReports.report,
    // Last, because a slow collector must hold up nothing else.
    () => within(world, parts.tracing.close(), Math.min(deadline, world.elapsed() + LAST_SPANS_MS)),
  ];
  for (const step of steps) await step();
}
