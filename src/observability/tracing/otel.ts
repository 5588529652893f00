// Traces by OpenTelemetry: the only file that knows its packages, and loaded only when somebody wants traces.

import {
  type Attributes,
  type Context,
  createTraceState,
  type Link,
  type Span as OtelSpan,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  SamplingDecision,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type TracerProviderOptions,
} from '@opentelemetry/sdk-trace';
import { type Log, reasonOf } from '../../lib/log.ts';
import type { World } from '../../lib/world.ts';
import {
  formatTraceparent,
  NO_CONTEXT,
  parseTraceparent,
  RANDOM,
  SAMPLED,
  type TraceContext,
} from './trace-context.ts';
import { NO_SPAN, type Span, type Step, type Tracing } from './tracing.ts';

const SCOPE = 'cxone-callback-receiver';

/** Ended spans that wait to be handed over; those that come while so many wait are dropped. */
const MAX_WAITING = 4096;
/** What one attempt to hand some over may take, with its repetitions. */
const EXPORT_TIMEOUT_MS = 10_000;
/** A collector that is away is told of so often. */
const QUIET_MS = 60_000;

export type SamplerName =
  | 'always_on'
  | 'always_off'
  | 'traceidratio'
  | 'parentbased_always_on'
  | 'parentbased_always_off'
  | 'parentbased_traceidratio';

export interface OtelOptions {
  /** Where spans are sent, as OTLP over HTTP in JSON. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly serviceName: string;
  /** Further attributes of the resource. */
  readonly resource: Readonly<Record<string, string>>;
  readonly sampler: SamplerName;
  /** Of the traces that a ratio decides about, 0 to 1. */
  readonly ratio: number;
}

/** Sends spans to a collector. */
export function createOtel(options: OtelOptions, world: Pick<World, 'now'>, log: Log): Tracing {
  const { url, headers } = options;
  const exporter = new OTLPTraceExporter({ url, headers: { ...headers }, timeoutMillis: EXPORT_TIMEOUT_MS });
  const processor = new BatchSpanProcessor({
    exporter: tellingOfLoss(exporter, world, log),
    maxQueueSize: MAX_WAITING,
    exportTimeoutMillis: EXPORT_TIMEOUT_MS,
  });
  const provider = new TracerProvider({
    resource: resourceOf(options),
    sampler: followingLinks(samplerOf(options)),
    spanProcessors: [processor],
  });
  const close = async () => {
    try {
      await provider.shutdown();
    } catch {
      // It has been told of where it happened.
    }
  };
  return { ...tracingWith(provider.getTracer(SCOPE), world), close };
}

/** Gives spans to the tracer that the process was started with, which is not ours to close. */
export function createRegisteredOtel(world: Pick<World, 'now'>): Tracing {
  return { ...tracingWith(trace.getTracer(SCOPE), world), close: () => Promise.resolve() };
}

function tracingWith(tracer: Tracer, world: Pick<World, 'now'>): Omit<Tracing, 'close'> {
  // All times are the world's: those of a span that is begun late, and of the executions that it is about.
  const start = ({ name, kind }: Step, parent: TraceContext, links: Link[], startTime = world.now()): OtelSpan =>
    tracer.startSpan(name, { kind: KINDS[kind], links, startTime }, contextOf(parent));

  return {
    begin: (step, parent) => spanOf(start(step, parent, []), parent, world),
    beginLinked: (step, origin, caller = NO_CONTEXT, startedAt) => {
      const linked = spanContextOf(origin);
      const span = start(step, caller, linked === null ? [] : [{ context: linked }], startedAt);
      // A trace that nobody keeps is no better than the one that the execution came with.
      return span.isRecording() ? spanOf(span, caller, world) : NO_SPAN;
    },
  };
}

const KINDS = { server: SpanKind.SERVER, client: SpanKind.CLIENT } as const satisfies Record<Step['kind'], SpanKind>;

function spanOf(span: OtelSpan, parent: TraceContext, world: Pick<World, 'now'>): Span {
  const { traceId, spanId, traceFlags } = span.spanContext();
  if (!trace.isSpanContextValid(span.spanContext())) return NO_SPAN;
  // How the trace id came about holds for the whole trace; tracestate is handed on as it came.
  const flags = (traceFlags & SAMPLED) | ((parseTraceparent(parent.traceparent)?.flags ?? 0) & RANDOM);
  return {
    context: { traceparent: formatTraceparent({ traceId, spanId, flags }), tracestate: parent.tracestate },
    end: (facts, about, answer) => {
      if (span.isRecording()) {
        const { attributes, error } = facts(about, answer);
        span.setAttributes(attributes);
        if (error !== null) span.setStatus({ code: SpanStatusCode.ERROR, message: error });
      }
      span.end(world.now());
    },
  };
}

function contextOf(parent: TraceContext): Context {
  const context = spanContextOf(parent);
  return context === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, context);
}

function spanContextOf({ traceparent, tracestate }: TraceContext): SpanContext | null {
  const parsed = parseTraceparent(traceparent);
  if (parsed === null) return null;
  const { traceId, spanId, flags } = parsed;
  return {
    traceId,
    spanId,
    traceFlags: flags & SAMPLED,
    isRemote: true,
    ...(tracestate === null ? {} : { traceState: createTraceState(tracestate) }),
  };
}

function samplerOf({ sampler, ratio }: Pick<OtelOptions, 'sampler' | 'ratio'>): Sampler {
  switch (sampler) {
    case 'always_on':
      return new AlwaysOnSampler();
    case 'always_off':
      return new AlwaysOffSampler();
    case 'traceidratio':
      return new TraceIdRatioBasedSampler(ratio);
    case 'parentbased_always_on':
      return new ParentBasedSampler({ root: new AlwaysOnSampler() });
    case 'parentbased_always_off':
      return new ParentBasedSampler({ root: new AlwaysOffSampler() });
    case 'parentbased_traceidratio':
      return new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) });
    default:
      return sampler satisfies never;
  }
}

/** What is linked to a submission is kept if that is: its polls and callbacks are traces of their own, but one story. */
function followingLinks(sampler: Sampler): Sampler {
  return {
    shouldSample: (context, traceId, name, kind, attributes, links) => {
      const [link] = links;
      if (link === undefined) return sampler.shouldSample(context, traceId, name, kind, attributes, links);
      // promise: unsampled-is-not-exported
      const kept = (link.context.traceFlags & SAMPLED) !== 0;
      return { decision: kept ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.NOT_RECORD };
    },
    toString: () => `FollowingLinks{${sampler}}`,
  };
}

/** Written out: the package that makes resources is not one of ours, and no more than this is asked of one. */
function resourceOf({ serviceName, resource }: OtelOptions): NonNullable<TracerProviderOptions['resource']> {
  const attributes: Attributes = {
    'telemetry.sdk.language': 'nodejs',
    'telemetry.sdk.name': 'opentelemetry',
    ...resource,
    'service.name': serviceName,
  };
  const made = { attributes, merge: () => made, getRawAttributes: () => Object.entries(attributes) };
  return made;
}

/** The exporter says nothing of what it cannot hand over; the log hears of it, at most once a minute. */
function tellingOfLoss(exporter: SpanExporter, world: Pick<World, 'now'>, log: Log): SpanExporter {
  let toldAt = Number.NEGATIVE_INFINITY;
  let lost = 0;
  const tell = (spans: number, error: unknown) => {
    lost += spans;
    const now = world.now();
    if (Math.abs(now - toldAt) < QUIET_MS) return;
    log.warn({ spans: lost, reason: reasonOf(error) }, 'the collector did not take spans; nothing else is affected');
    toldAt = now;
    lost = 0;
  };
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        if (result.code !== 0) tell(spans.length, result.error);
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
  };
}
