// The composition root: builds the parts, serves HTTP, starts the loops, and stops everything in order.

import { createCallbackTokens } from './callbacks/bearer-tokens.ts';
import { createCallbackChecks } from './callbacks/checks.ts';
import { createSignedUrls } from './callbacks/signed-url.ts';
import { createApp } from './http/app.ts';
import { createCsrfTokens } from './http/console/csrf-tokens.ts';
import type { HttpDependencies } from './http/dependencies.ts';
import {
  createSubmissionThread,
  type SubmissionThread,
} from './http/executions/large-submissions/submission-reader.ts';
import { createRateLimits } from './http/middleware/rate-limit.ts';
import { createSessions, NO_SESSIONS } from './http/middleware/sessions.ts';
import { createBodies } from './http/request/body-budget.ts';
import { type Listeners, openListeners } from './http/server/listeners.ts';
import { createStandbyApp } from './http/server/standby-app.ts';
import { type AppFor, createSwitchedApp, type SwitchedApp } from './http/server/switched-app.ts';
import { createLifecycle, within } from './lib/lifecycle.ts';
import { reasonOf } from './lib/log.ts';
import { startLoop, type Work } from './lib/loop.ts';
import { beginTerms } from './lib/terms.ts';
import { createClockNotices } from './observability/clock-notice.ts';
import { createMetrics } from './observability/metrics/metrics.ts';
import { createReadiness } from './observability/readiness.ts';
import { NO_TRACING } from './observability/tracing/tracing.ts';
import { buildParts, createListenerLimits, type ListenerLimits, type Parts, type ReceiverOptions } from './parts.ts';
import { waitUntilVacant } from './store/open/open-database.ts';
import type { Store } from './store/port.ts';
import { AnotherIsActive } from './store/receiver-store.ts';
import { createCallbackReceiver } from './usecases/receive-callback.ts';
import { createSubmit } from './usecases/submit.ts';
import { createFileAndClockWatch, noteTime } from './workers/clock-watch.ts';
import { createIncidentWatch } from './workers/incidents/watcher.ts';
import { createExportFiles } from './workers/pruner/export-files.ts';
import { createCopyFinder } from './workers/pruner/find-exports.ts';
import { startWorkers } from './workers/workers.ts';

/** The time limit for stopping, in milliseconds. Work that is unfinished by then keeps its durable state and is abandoned. */
export const DRAIN_MS = 10_000;

/** The interval at which the files of the TLS certificate are checked, in milliseconds. */
const TLS_CHECK_MS = 10_000;

/** The time limit for exporting the last spans, in milliseconds. */
const LAST_SPANS_MS = 3_000;

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

/** The part of a receiver's life in which it is the active one. On a database of one process, there is one. */
interface Term {
  readonly parts: Parts;
  readonly submissions: SubmissionThread;
  readonly appFor: AppFor;
}

/** @throws {ProfileError | DatabaseRefused | Error} before anything listens, or after closing everything again. */
export async function startReceiver(options: ReceiverOptions): Promise<Receiver> {
  const { config, world, log } = options;
  const lifecycle = createLifecycle(world);
  const limits = createListenerLimits(options, lifecycle.world);
  const terms = await beginTerms<Term>({
    ...{ world, log },
    begin: () => beginTerm(options, limits),
    isOthers: (error) => error instanceof AnotherIsActive,
    vacancy: (signal, report) => waitUntilVacant({ url: config.databaseUrl ?? '', world, log, signal, report }),
    began: (term) => {
      app.use(term.appFor);
      startLoops(term.parts, listeners);
      reportToken(term.parts);
    },
    replaced: ({ parts }) => parts.store.replaced,
    end: (term) => {
      app.use(standby);
      return end(term, world.elapsed() + DRAIN_MS, null);
    },
  });
  const standby = createStandbyApp({
    runtime: { world, log, tracing: NO_TRACING },
    access: { ...config, sessions: NO_SESSIONS },
    metrics: createMetrics(),
    reason: terms.reason,
  });
  const first = terms.current();
  const app = createSwitchedApp(first?.appFor ?? standby);
  const listeners = await serve(app, options, limits).catch(async (error: unknown) => {
    first?.submissions.close();
    await first?.parts.close();
    throw error;
  });
  terms.follow();
  const { url, webhookUrl, tls } = listeners;
  return {
    url,
    webhookUrl,
    get store() {
      const term = terms.current();
      if (term === null) throw new Error('this receiver stands by');
      return term.parts.store;
    },
    stop: async () => {
      const deadline = world.elapsed() + DRAIN_MS;
      const last = await terms.last();
      if (last === null) await listeners.close(Math.max(0, deadline - world.elapsed()));
      else await end(last, deadline, listeners);
      lifecycle.end();
    },
    reload: async () => tls?.reload(),
  };
}

/** @throws {AnotherIsActive | DatabaseRefused | Error} after closing everything again. */
async function beginTerm(options: ReceiverOptions, limits: ListenerLimits): Promise<Term> {
  const parts = await buildParts(options, limits);
  const submissions = createSubmissionThread(parts);
  const http = httpDependencies(parts, submissions);
  return { parts, submissions, appFor: (role) => createApp(http, role) };
}

/** Reports early whether CXone issues a token, and with which scopes. Nothing waits for the result. */
function reportToken({ cxone, log }: Parts): void {
  cxone.authorize().catch((error: unknown) => log.warn({ reason: reasonOf(error) }, 'CXone gives no token yet'));
}

function httpDependencies(parts: Parts, submissions: SubmissionThread): HttpDependencies {
  const { config, world, log, store, cxone, recorder, lifecycle, callbackRules } = parts;
  const { rules, tokens } = callbackRules;
  const callbackTokens = tokens && createCallbackTokens(tokens, config.callbackSecrets, world);
  const notifyUrls = new Map(config.notifications.urls.map(({ app, url }) => [app, url]));
  const { loops, draining } = lifecycle;
  return {
    store,
    runtime: { world: lifecycle.world, log, tracing: parts.tracing },
    access: { ...config, sessions: createSessions(config.callbackSecrets, config, { world, store }) },
    lifecycle: {
      draining: lifecycle.refusesSubmissions,
      ready: createReadiness({ store, world, loops, draining }),
      notices: createClockNotices(store, world),
    },
    submissions: {
      submit: createSubmit(store, world, { ...config, notifyUrls }, submissions),
      reader: submissions,
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
    incidents: parts.announcements,
    deliveries: {
      probe: (endpoint) => {
        parts.lanes.probeNow(endpoint);
        loops().get('notify')?.wake();
      },
      resumed: () => loops().get('notify')?.wake(),
    },
    reconciliations: parts.reconciliations,
    copiesOf: createCopyFinder(config.retentionExportDir, store.file?.copies ?? (() => [])),
    pages: {
      dashboard: parts.dashboard,
      health: parts.health.health,
      advice: parts.advisor.latest,
      unknownWords: parts.store.unknownWords,
      repeats: parts.repeats,
      openCircuits: parts.lanes.openCircuits,
      upstreamState: () => ({
        ...{ ...cxone.limiterState(), tokenProblem: cxone.tokenProblem() },
        ...{ gatewayReports: cxone.gatewayReports(), connectionProblems: cxone.connectionProblems() },
      }),
      queueCapacity: config.queueCapacity,
      queueTimeoutMs: config.queueTimeoutMs,
      apps: [...new Set(config.apps.map(({ name }) => name))],
      csrfTokens: createCsrfTokens(config.callbackSecrets, world),
      sensitiveFields: config.sensitiveFields,
    },
    metrics: parts.metrics,
  };
}

/** @throws {Error} if a listener cannot be opened. */
function serve(app: SwitchedApp, options: ReceiverOptions, limits: ListenerLimits): Promise<Listeners> {
  const { config, world, log, sockets = [], overrides: { listen } = {} } = options;
  const { connections, maxConnections } = limits;
  return openListeners(app.appFor, {
    ...{ ...config, sockets, now: world.now, log, connections, maxConnections },
    ...(listen && { open: listen }),
  });
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
      start('incidents', createIncidentWatch({ ...parts, ...parts.announcements })),
      ...(parts.announcer === null ? [] : [start('announcer', parts.announcer.work)]),
      start('watch', createFileAndClockWatch({ ...parts, loops: parts.lifecycle.loops })),
      ...(tls ? [start('tls', () => tls.check().then(() => TLS_CHECK_MS))] : []),
    ]),
  );
}

/** Ends the work of a term until the deadline. @param listeners null if they stay open, because another receiver is active now */
async function end(term: Term, deadline: number, listeners: Listeners | null): Promise<void> {
  const { parts, submissions } = term;
  const { world, lifecycle } = parts;
  let closing: Promise<void> | undefined;
  const closeListeners = () => {
    closing ??= listeners?.close(Math.max(0, deadline - world.elapsed()));
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
    submissions.close,
    () => listeners && noteTime(parts.store, world.now(), parts.log),
    parts.close,
    lifecycle.end,
    // After the last commit, so that the signed head covers the whole audit trail.
    () => listeners && parts.headReports.report(),
    // Last, because a slow collector must hold up nothing else.
    () => within(world, parts.tracing.close(), Math.min(deadline, world.elapsed() + LAST_SPANS_MS)),
  ];
  for (const step of steps) await step();
}
