// What the routes need from the receiver, grouped by the routes that use it.

import type { CallbackTokens } from '../callbacks/bearer-tokens.ts';
import type { CallbackChecks, CallbackRefusal } from '../callbacks/checks.ts';
import type { SignedUrls } from '../callbacks/signed-url.ts';
import type { Cxone } from '../cxone/port.ts';
import type { Outcome } from '../execution/apply-result.ts';
import type { Execution } from '../execution/execution.ts';
import type { Log } from '../lib/log.ts';
import type { World } from '../lib/world.ts';
import type { ServedRequest } from '../observability/metrics/requests.ts';
import type { NotReady } from '../observability/readiness.ts';
import type { Tracing } from '../observability/tracing/tracing.ts';
import type { CallbackHealthMonitor } from '../stats/callback-health/monitor.ts';
import type { Dashboard } from '../stats/dashboard/dashboard.ts';
import type { RepeatGroup } from '../stats/repeat-book.ts';
import type { Advice } from '../stats/timing-advice/advice.ts';
import type { ActivityLog } from '../store/activity-port.ts';
import type { Endpoints } from '../store/endpoints-port.ts';
import type { Erasure } from '../store/erasure-port.ts';
import type { Incidents } from '../store/incidents-port.ts';
import type { Outbox } from '../store/outbox-port.ts';
import type { SendingPauses } from '../store/pauses-port.ts';
import type { AuditFeed, ExecutionReader, ExecutionRecorder } from '../store/port.ts';
import type { QueueMonitor } from '../store/queue-port.ts';
import type { Rollups } from '../store/rollups-port.ts';
import type { Statistics } from '../store/statistics-port.ts';
import type { Streams } from '../usecases/follow-events/streams.ts';
import type { LiveControls } from '../usecases/leader/live-controls.ts';
import type { CallbackReceiver } from '../usecases/receive-callback.ts';
import type { Submit } from '../usecases/submit.ts';
import type { Waiters } from '../usecases/wait-for-outcome.ts';
import type { NotifyUrlPolicy } from '../webhooks/port.ts';
import type { CsrfTokens } from './console/csrf-tokens.ts';
import type { Suggestions } from './console/suggestions.ts';
import type { SubmissionReader } from './executions/large-submissions/read-submissions.ts';
import type { NamedKey } from './middleware/identity.ts';
import type { RateLimits } from './middleware/rate-limit.ts';
import type { ReaderTurns } from './middleware/reader-turns.ts';
import type { Sessions } from './middleware/sessions.ts';
import type { ReplayLimits } from './notifications/replay-limits.ts';
import type { BodyBudget } from './request/body-budget.ts';
import type { ResponseRoom } from './response/response-room.ts';
import type { CountRefusal } from './webhook/refusals.ts';

/** The roles of the store that HTTP uses. */
export type HttpStore = ExecutionReader &
  ExecutionRecorder &
  Pick<AuditFeed, 'trail' | 'feed'> &
  Pick<QueueMonitor, 'queueState' | 'queuedBefore'> &
  Erasure &
  ActivityLog &
  Pick<Incidents, 'listIncidents' | 'findIncident' | 'incidentHistory' | 'acknowledgeIncident'> &
  Pick<Rollups, 'course' | 'coverage' | 'submitted'> &
  Omit<SendingPauses, 'watchResumes'> &
  Endpoints &
  Omit<Outbox, 'claimNotifications' | 'giveUpNotifications'>;

export interface HttpDependencies {
  readonly store: HttpStore;
  readonly runtime: Runtime;
  readonly access: Access;
  readonly lifecycle: Lifecycle;
  readonly submissions: {
    readonly submit: Submit;
    /** Reads bodies; those with many values on a thread. */
    readonly reader: SubmissionReader;
    /** The parts of a submission that the upstream profile cannot carry. */
    readonly unsupportedParts: Cxone['unsupportedParts'];
    readonly rates: RateLimits;
    /** The policy for `notifyUrl`. */
    readonly notifyRules: NotifyUrlPolicy;
  };
  readonly bodies: Bodies;
  readonly events: {
    readonly waiters: Pick<Waiters, 'reserve' | 'wait'>;
    readonly streams: Pick<Streams, 'open' | 'openPage'>;
  };
  readonly webhook: {
    readonly receive: CallbackReceiver;
    readonly signedUrls: Pick<SignedUrls, 'verify' | 'proofFor'>;
    readonly checks: CallbackChecks;
    /** Issues the bearer tokens of callbacks; null if CALLBACK_CLIENTS is not set. */
    readonly tokens: CallbackTokens | null;
  };
  /** Returns the secrets that sign an app's notifications, the newest first. */
  readonly notificationSecrets: (app: string) => readonly string[];
  readonly controls: LiveControls;
  /** How long an announcement of an incident is tried, in milliseconds; null without a webhook. */
  readonly announceForMs: number | null;
  /** Returns the files that may still hold content of these executions: exports of pruned data, and copies of the database. */
  readonly copiesOf: (
    executions: readonly Pick<Execution, 'reference' | 'submittedAt'>[],
  ) => Promise<readonly string[]>;
  readonly pages: PagesDependencies;
  readonly metrics: HttpMetrics;
}

/** What the console uses of all. */
export type ConsoleDependencies = Pick<
  HttpParts,
  'store' | 'pages' | 'controls' | 'runtime' | 'lifecycle' | 'searches' | 'events' | 'access'
>;

/** The dependencies, and the state that the operations of one listener share. */
export interface HttpParts extends HttpDependencies {
  readonly countRefusal: CountRefusal;
  /** The searches of each caller. */
  readonly searches: ReaderTurns;
  /** The replays of each app. */
  readonly replays: ReplayLimits;
}

/** The limits of request bodies. */
export interface Bodies {
  /** The bodies of apps, and those of callbacks: neither takes the room of the other. */
  readonly ofApps: BodyBudget;
  readonly ofCallbacks: BodyBudget;
  readonly responses: ResponseRoom;
  /** Largest number of JSON values in one submission. */
  readonly maxValues: number;
}

export interface Runtime {
  readonly world: Pick<World, 'now' | 'elapsed' | 'id' | 'sleep'>;
  readonly log: Log;
  readonly tracing: Tracing;
}

export interface Access {
  readonly apps: readonly NamedKey[];
  /** The administrators among the operators. */
  readonly operators: readonly NamedKey[];
  /** The operators who may read and change nothing. */
  readonly readers: readonly NamedKey[];
  /** The sessions of operators who logged in on the page. */
  readonly sessions: Sessions;
  /** The number of proxies in front of the receiver that add to X-Forwarded-For. */
  readonly trustedProxies: number;
  /** The path that a proxy strips from every request; empty if it strips none. */
  readonly basePath: string;
}

export interface Lifecycle {
  /** True while the receiver shuts down: new submissions are refused, everything else is still served. */
  draining(): boolean;
  /** Returns what is not ready; empty when the receiver is ready. */
  ready(): Promise<readonly NotReady[]>;
  /** Returns what operators should know although the receiver is ready, in words. */
  notices(): Promise<readonly string[]>;
}

/** What the console needs beyond the other groups. */
export interface PagesDependencies {
  readonly dashboard: Pick<Dashboard, 'overview'>;
  readonly health: CallbackHealthMonitor['health'];
  /** Null until the first advice is computed. */
  readonly advice: () => readonly Advice[] | null;
  readonly unknownWords: Statistics['unknownWords'];
  /** What callers repeated without end in the last day. */
  readonly repeats: () => readonly RepeatGroup[];
  readonly queueCapacity: number;
  readonly queueTimeoutMs: number;
  /** The configured apps. */
  readonly apps: readonly string[];
  readonly suggestions: Pick<Suggestions, 'latest'>;
  readonly csrfTokens: CsrfTokens;
  /** The names of members whose values pages hide. */
  readonly sensitiveFields: readonly string[];
}

/** The outcome of a request to the callback URL, as the metric names it. */
export type CallbackOutcome = Outcome | CallbackRefusal;

/** The outcome of a request for a callback token, as the metric names it. */
export type TokenOutcome =
  | 'issued'
  | 'invalid-client'
  | 'invalid-request'
  | 'unsupported-grant'
  | 'address-not-allowed';

/** The response to an unknown key, as the metric names it. */
export type KeyRefusal = 'invalid-key' | 'throttled';

export interface HttpMetrics {
  /** Returns all metrics in Prometheus' text format. */
  scrape(): Promise<{ readonly contentType: string; readonly body: string }>;
  observeRequest(request: ServedRequest): void;
  /** `milliseconds` is the time from the callback's arrival to its commit; 0 for a refused callback. */
  observeCallback(outcome: CallbackOutcome, milliseconds: number): void;
  observeTokenRequest(outcome: TokenOutcome): void;
  observeKeyRefusal(why: KeyRefusal): void;
}
