// Requests as parts of a trace: where an app's trace goes on from, and the spans of submissions and callbacks.

import type { Context } from 'hono';
import { callbackEnd, failure, RECEIVE_CALLBACK, served } from '../../observability/tracing/spans.ts';
import { readTraceContext, type TraceContext } from '../../observability/tracing/trace-context.ts';
import { endSpanWith, NO_TRACING, type SpanEnd, type Step, type Tracing } from '../../observability/tracing/tracing.ts';
import type { RecordResult } from '../../store/port.ts';
import type { Identity } from './identity.ts';

type Handler = (c: Context, caller: Identity) => Promise<Response>;

const CONTEXT_KEY = 'trace-context';

/** A span around each request to submit, of which whatever is submitted by it becomes a part. */
export function withSubmissionSpan(tracing: Tracing, route: string, handle: Handler): Handler {
  const step: Step = { name: `POST ${route}`, kind: 'server' };
  const answered = ({ name }: Identity, response: Response): SpanEnd => ({
    attributes: { ...served(route, response.status), 'cxone.app': name, ...submitted(response) },
    error: failure(response.status),
  });
  return (c, caller) => {
    const came = contextIn(c.req.raw.headers);
    const span = tracing.begin(step, came);
    c.set(CONTEXT_KEY, span.context ?? came);
    return endSpanWith(span, answered, caller, handle(c, caller));
  };
}

/** The answer to a submission says where the execution is. */
function submitted(response: Response): { readonly 'cxone.correlation_id'?: string } {
  const correlationId = response.headers.get('location')?.split('/').at(-1);
  return correlationId === undefined ? {} : { 'cxone.correlation_id': correlationId };
}

/** What an execution that this request submits is a part of. */
export function traceContextOf(c: Context): TraceContext {
  return c.get(CONTEXT_KEY) ?? contextIn(c.req.raw.headers);
}

/** Only its row tells what a callback is about, so its span is made when all is over. */
export function traceCallback(
  tracing: Tracing,
  headers: Headers,
  recorded: RecordResult,
  startedAt: number,
  answer: Response,
): void {
  if (tracing === NO_TRACING) return;
  tracing
    .beginLinked(RECEIVE_CALLBACK, recorded.execution, contextIn(headers), startedAt)
    .end(callbackEnd, recorded, answer.status);
}

function contextIn(headers: Headers): TraceContext {
  return readTraceContext(headers.get('traceparent'), headers.get('tracestate'));
}
