// What the service needs in order to be traced: a narrow port, behind which stands OpenTelemetry or, unless it is asked for, nothing.

import type { TraceContext } from './trace-context.ts';

/** A kind of work that is worth a span; constants, in spans.ts. */
export interface Step {
  readonly name: string;
  /** `server`: somebody asked us; `client`: we ask somebody. */
  readonly kind: 'server' | 'client';
}

export type Attributes = { readonly [name: string]: string | number | boolean };

/** How a piece of work went. */
export interface SpanEnd {
  readonly attributes: Attributes;
  /** What went wrong, in a word; null when nothing did. */
  readonly error: string | null;
}

export interface Span {
  /** What goes along with requests that this work makes; null: what came in goes on unchanged. */
  readonly context: TraceContext | null;
  /** Only asks for the facts when somebody wants them. */
  end<A, B>(facts: (about: A, answer: B) => SpanEnd, about: A, answer: B): void;
}

export interface Tracing {
  /** Begins a part of the work that `parent` stands for. */
  begin(step: Step, parent: TraceContext): Span;
  /**
   * Begins work that nobody of ours asked for just now, with a link to `origin`, about which it is: part of the trace that
   * its caller sent, if any, and else a trace of its own. It is traced if the origin is. Times in milliseconds.
   */
  beginLinked(step: Step, origin: TraceContext, caller?: TraceContext, startedAt?: number): Span;
  /** Hands over what is left and lets go; never rejects, and may take long when nobody takes it. */
  close(): Promise<void>;
}

/** One for all that is not traced: nothing is made for it. */
export const NO_SPAN: Span = { context: null, end: () => {} };

export const NO_TRACING: Tracing = { begin: () => NO_SPAN, beginLinked: () => NO_SPAN, close: () => Promise.resolve() };

/** The same, as requests within the span are to present it. */
export function withSpanContext<E extends TraceContext>(span: Span, subject: E): E {
  return span.context === null ? subject : { ...subject, ...span.context };
}

/** Ends the span with the answer, or with the error that came instead of it. */
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

/** Its name alone: what else an error says may be private. */
function broken(_about: unknown, error: unknown): SpanEnd {
  const name = error instanceof Error ? error.name : 'error';
  return { attributes: { 'error.type': name }, error: name };
}

/**
 * Whether this process was started with a tracer of its own (`node --import`): then spans go there. Read where the API
 * package keeps it, so that the package need not be loaded to find out that there is none.
 */
export function hasRegisteredTracer(): boolean {
  const api: unknown = Reflect.get(globalThis, Symbol.for('opentelemetry.js.api.1'));
  return typeof api === 'object' && api !== null && 'trace' in api && api.trace !== undefined;
}
