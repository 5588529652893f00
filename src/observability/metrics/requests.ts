// Metrics of requests served here, and of requests to CXone and to apps, with bounded label values.

import type { AuditEntry, AuditEvent } from '../../execution/event.ts';
import { isRejection } from '../../lib/http/failure.ts';
import { type Instruments, SHORT_SECONDS } from './instruments.ts';

/** A request with its response. */
export interface ServedRequest {
  readonly method: string;
  /** The template of the path, for example `/v1/executions/{correlationId}`; null for an unknown path. */
  readonly route: string | null;
  readonly status: number;
  readonly milliseconds: number;
}

/** Those of RFC 9110 and RFC 5789; any other method is `_OTHER`, as in OpenTelemetry. */
const METHODS: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
]);

/** Up to a minute, the longest that a request is held. */
const SERVED_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60];

/** Named by the semantic conventions of OpenTelemetry. */
export function createRequestMetrics(make: Instruments): (request: ServedRequest) => void {
  const served = make.durations(
    'http_server_request_duration_seconds',
    'Requests served: from the head of the request to the response (of a stream: to its beginning)',
    ['http_request_method', 'http_route', 'http_response_status_code'],
    SERVED_SECONDS,
  );
  return ({ method, route, status, milliseconds }) =>
    served.observe(
      {
        // promise: metric-series-are-bounded
        http_request_method: METHODS.has(method) ? method : '_OTHER',
        http_route: route ?? 'unmatched',
        http_response_status_code: String(status),
      },
      milliseconds,
    );
}

type Kind = 'execute' | 'poll' | 'notify';

/** The request whose response an entry records. */
const KINDS: Partial<Record<AuditEvent, Kind>> = {
  SUBMITTED: 'execute',
  FAILED: 'execute',
  NETWORK_ERROR: 'execute',
  RATE_LIMITED: 'execute',
  POLL_COMPLETED: 'poll',
  POLL_PROGRESS: 'poll',
  POLL_ERROR: 'poll',
  POLL_404: 'poll',
  NOTIFICATION_DELIVERED: 'notify',
  NOTIFICATION_FAILED: 'notify',
  NOTIFICATION_DEAD: 'notify',
};

const ATTEMPT_OUTCOMES = ['delivered', 'rejected', 'failed'] as const;

function attemptOutcome(event: AuditEvent, httpStatus: number): (typeof ATTEMPT_OUTCOMES)[number] {
  if (event === 'NOTIFICATION_DELIVERED') return 'delivered';
  return isRejection(httpStatus) ? 'rejected' : 'failed';
}

/** Requests to CXone, and to the endpoints of apps. */
export function createUpstreamMetrics(make: Instruments): (entry: AuditEntry) => void {
  const upstream = make.durations(
    'upstream_request_duration_seconds',
    'Requests to CXone, by kind and class of response (none: no response)',
    ['kind', 'answer'],
    SHORT_SECONDS,
  );
  const attempts = make.counter('notification_attempts_total', 'Attempts to notify an app, by outcome', ['outcome']);
  for (const outcome of ATTEMPT_OUTCOMES) attempts.inc({ outcome }, 0);
  const notified = make.durations(
    'notification_attempt_duration_seconds',
    'Attempts to notify an app, by class of response (none: no response)',
    ['answer'],
    SHORT_SECONDS,
  );

  return ({ event, latencyMs, httpStatus }) => {
    const kind = KINDS[event];
    // Without a latency no request was sent: the entry records something else.
    if (kind === undefined || latencyMs === null) return;
    const answer = answerClass(httpStatus ?? 0);
    if (kind !== 'notify') return upstream.observe({ kind, answer }, latencyMs);
    attempts.inc({ outcome: attemptOutcome(event, httpStatus ?? 0) });
    notified.observe({ answer }, latencyMs);
  };
}

function answerClass(httpStatus: number): string {
  if (httpStatus === 429) return '429';
  return httpStatus >= 100 && httpStatus < 600 ? `${Math.floor(httpStatus / 100)}xx` : 'none';
}
