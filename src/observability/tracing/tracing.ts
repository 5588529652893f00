// The port for tracing. OpenTelemetry implements it if configured; otherwise nothing is recorded.

import type { TraceContext } from './trace-context.ts';

/** A kind of work that gets a span; the constants are in spans.ts. */
export interface Step {
  readonly name: string;
  /** `server` for requests received, `client` for requests sent. */
  readonly kind: 'server' | 'client';
}

export type Attributes = { readonly [name: string]: string | number | boolean };

/** What a span records at its end. */
export interface SpanEnd {
  readonly attributes: Attributes;
  /** The error in one word; null on success. */
  readonly error: string | null;
}

export interface Span {
  /** The context for requests made within the span; null to pass on the incoming context unchanged. */
  readonly context: TraceContext | null;
  /** Calls `facts` only if the span is recorded. */
  end<A, B>(facts: (about: A, answer: B) => SpanEnd, about: A, answer: B): void;
}

export interface Tracing {
  /** Begins a child span of `parent`. */
  begin(step: Step, parent: TraceContext): Span;
  /**
   * Begins a span for work on an earlier submission, with a link to its `origin`. The span joins the trace of the caller, if
   * it sent one, and starts a new trace otherwise. It is sampled if the origin is. Times in milliseconds.
   */
  beginLinked(step: Step, origin: TraceContext, caller?: TraceContext, startedAt?: number): Span;
  /** Exports the remaining spans and closes. Never rejects; may take long if the collector does not respond. */
  close(): Promise<void>;
}

/** The shared span of all work that is not traced. */
export const NO_SPAN: Span = { context: null, end: () => {} };

export const NO_TRACING: Tracing = { begin: () => NO_SPAN, beginLinked: () => NO_SPAN, close: () => Promise.resolve() };

/** Returns the subject with the trace context of the span, for requests within it. */
export function withSpanContext<E extends TraceContext>(span: Span, subject: E): E {
  return span.context === null ? subject : { ...subject, ...span.context };
}

/** Ends the span with the response, or with the error that came instead. */
export function endSpanWith<A, B>(
  span: Span,
  facts: (about: A, answer: B) => SpanEnd,
  about: A,
  work: Promise<B>,
): Promise<B> {
  return span === NO_SPAN ? work : ended(span, facts, about, work);
}

async function ended<A, B>(
  span: Span,
  facts: (about: A, answer: B) => SpanEnd,
  about: A,
  work: Promise<B>,
): Promise<B> {
  let answer: B;
  try {
    answer = await work;
  } catch (error) {
    span.end(broken, about, error);
    throw error;
  }
  span.end(facts, about, answer);
  return answer;
}

/** Records only the name of an error, since its message may be private. */
function broken(_about: unknown, error: unknown): SpanEnd {
  const name = error instanceof Error ? error.name : 'error';
  return { attributes: { 'error.type': name }, error: name };
}

/**
 * Returns true if the process was started with a registered tracer (`node --import`), which then gets the spans. Reads the
 * global of the API package, so that the package is loaded only if a tracer exists.
 */
export function hasRegisteredTracer(): boolean {
  const api: unknown = Reflect.get(globalThis, Symbol.for('opentelemetry.js.api.1'));
  return typeof api === 'object' && api !== null && 'trace' in api && api.trace !== undefined;
}
