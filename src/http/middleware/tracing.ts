// Tracing of requests: the trace context of an app, and the spans of submissions and callbacks.

import type { Context } from 'hono';
import { callbackEnd, failure, RECEIVE_CALLBACK, served } from '../../observability/tracing/spans.ts';
import { readTraceContext, type TraceContext } from '../../observability/tracing/trace-context.ts';
import { endSpanWith, NO_TRACING, type SpanEnd, type Step, type Tracing } from '../../observability/tracing/tracing.ts';
import type { RecordResult } from '../../store/port.ts';
import type { RequestHeaders } from '../fetch.ts';
import type { Identity } from './identity.ts';

type Handler = (c: Context, caller: Identity) => Promise<Response>;

const CONTEXT_KEY = 'trace-context';

/** Wraps a submission handler in a span, which becomes the parent of the executions that it submits. */
export function withSubmissionSpan(tracing: Tracing, route: string, handle: Handler): Handler {
  const step: Step = { name: `POST ${route}`, kind: 'server' };
  const endOf = ({ name }: Identity, response: Response): SpanEnd => ({
    attributes: { ...served(route, response.status), 'cxone.app': name, ...submitted(response) },
    error: failure(response.status),
  });
  return (c, caller) => {
    const incoming = contextIn(c.req.raw.headers);
    const span = tracing.begin(step, incoming);
    c.set(CONTEXT_KEY, span.context ?? incoming);
    return endSpanWith(span, endOf, caller, handle(c, caller));
  };
}

/** The Location of the response names the execution. */
function submitted(response: Response): { readonly 'cxone.correlation_id'?: string } {
  const correlationId = response.headers.get('location')?.split('/').at(-1);
  return correlationId === undefined ? {} : { 'cxone.correlation_id': correlationId };
}

/** Returns the trace context for executions that this request submits. */
export function traceContextOf(c: Context): TraceContext {
  return c.get(CONTEXT_KEY) ?? contextIn(c.req.raw.headers);
}

interface TracedCallback {
  readonly headers: RequestHeaders;
  readonly recorded: RecordResult;
  readonly startedAt: number;
  readonly response: Response;
}

/** The trace of a callback is stored with its execution, so the span is created after the fact. */
export function traceCallback(tracing: Tracing, { headers, recorded, startedAt, response }: TracedCallback): void {
  if (tracing === NO_TRACING) return;
  tracing
    .beginLinked(RECEIVE_CALLBACK, recorded.execution, contextIn(headers), startedAt)
    .end(callbackEnd, recorded, response.status);
}

function contextIn(headers: RequestHeaders): TraceContext {
  return readTraceContext(headers.get('traceparent'), headers.get('tracestate'));
}
