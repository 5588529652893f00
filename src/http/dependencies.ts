// What the HTTP side is given by the service.

import type { CallbackTokens } from '../callbacks/bearer-tokens.ts';
import type { CallbackRefusal, CallbackRules } from '../callbacks/checks.ts';
import type { SignedUrls } from '../callbacks/signed-url.ts';
import type { Cxone } from '../cxone/port.ts';
import type { Outcome } from '../execution/apply-result.ts';
import type { Log } from '../lib/log.ts';
import type { World } from '../lib/world.ts';
import type { ServedRequest } from '../observability/metrics/requests.ts';
import type { Tracing } from '../observability/tracing/tracing.ts';
import type { Insights } from '../stats/callback-insights.ts';
import type { Dashboard } from '../stats/dashboard/dashboard.ts';
import type { Outbox } from '../store/outbox-port.ts';
import type { Store } from '../store/port.ts';
import type { Streams } from '../usecases/follow-events/streams.ts';
import type { CallbackReceiver } from '../usecases/receive-callback.ts';
import type { Reconciliations } from '../usecases/reconcile/reconciliations.ts';
import type { Submit } from '../usecases/submit.ts';
import type { Waiters } from '../usecases/wait-for-outcome.ts';
import type { NotifyUrlPolicy } from '../webhooks/port.ts';
import type { CsrfTokens } from './console/csrf-tokens.ts';
import type { RateLimits } from './middleware/rate-limit.ts';

/** A bearer key and whose it is; one name may have several keys. */
export interface NamedKey {
  readonly name: string;
  readonly key: string;
}

/** What became of a callback, for counting. */
export type CallbackOutcome = Outcome | CallbackRefusal;

/** What became of a request for a token that callbacks carry, for counting. */
export type TokenOutcome =
  | 'issued'
  | 'invalid-client'
  | 'invalid-request'
  | 'unsupported-grant'
  | 'address-not-allowed';

/** What became of a key that is not known here, for counting. */
export type KeyRefusal = 'invalid-key' | 'throttled';

/** How CXone may be called now. */
export interface UpstreamState {
  readonly limit: number;
  readonly inFlight: number;
  /** Milliseconds; in the past when there is no pause. */
  readonly pausedUntil: number;
}

/** What pages for operators need beyond the rest. */
export interface PagesDependencies {
  readonly dashboard: Pick<Dashboard, 'overview'>;
  readonly upstreamState: () => UpstreamState;
  readonly queueCapacity: number;
  readonly csrfTokens: CsrfTokens;
  /** Names of members whose values pages do not show. */
  readonly sensitiveFields: readonly string[];
}

export interface HttpDependencies {
  readonly store: Pick<Store, 'find' | 'list' | 'trail' | 'record' | 'queueState' | 'feed' | 'payloads'> &
    Pick<
      Outbox,
      'findNotification' | 'listNotifications' | 'recordDelivery' | 'replayNotifications' | 'lanes' | 'undelivered'
    >;
  readonly pages: PagesDependencies;
  /** What is known of callbacks, and what follows from it. */
  readonly insights: Pick<Insights, 'health' | 'advise'>;
  readonly reconciliations: Pick<Reconciliations, 'start' | 'find'>;
  readonly submit: Submit;
  /** What of a submission CXone cannot be sent, whatever else is right with it. */
  readonly unsupportedParts: Cxone['unsupportedParts'];
  /** How fast each app may submit. */
  readonly rates: RateLimits;
  readonly resolve: CallbackReceiver;
  readonly waiters: Pick<Waiters, 'wait'>;
  readonly streams: Pick<Streams, 'open'>;
  readonly world: Pick<World, 'now' | 'id' | 'sleep'>;
  readonly log: Log;
  readonly tracing: Tracing;
  readonly callbackUrls: Pick<SignedUrls, 'verify' | 'proofFor'>;
  /** What a callback must show besides its signed URL. */
  readonly callbackRules: CallbackRules;
  /** Gives out tokens for callbacks to carry; null: nobody gets any. */
  readonly callbackTokens: CallbackTokens | null;
  /** How many proxies in front of the receiver add to X-Forwarded-For. */
  readonly trustedProxies: number;
  /** Where apps may be told what became of their executions. */
  readonly notifyRules: NotifyUrlPolicy;
  /** What signs that, as each app is given it: the newest first. */
  readonly notifySecrets: (app: string) => readonly string[];
  readonly apps: readonly NamedKey[];
  /** Administrators among the operators. */
  readonly operators: readonly NamedKey[];
  /** Operators who only look. */
  readonly readers: readonly NamedKey[];
  /** Whether the service is shutting down: nothing new is accepted, everything else is still answered. */
  draining(): boolean;
  /** What is not ready, in words; nothing when all is well. */
  ready(): Promise<readonly string[]>;
  metrics(): Promise<{ readonly contentType: string; readonly body: string }>;
  observeRequest(request: ServedRequest): void;
  /** `milliseconds`: from its arrival to the commit; 0 when it was refused. */
  observeCallback(outcome: CallbackOutcome, milliseconds: number): void;
  observeTokenRequest(outcome: TokenOutcome): void;
  observeKeyRefusal(why: KeyRefusal): void;
}
