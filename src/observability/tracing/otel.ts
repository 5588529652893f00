// Tracing with OpenTelemetry. The only file that imports its packages, and loaded only when tracing is configured.

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

/** Ended spans that wait for export; further ones are dropped. */
const MAX_WAITING = 4096;
/** Time limit of one export with its retries. */
const EXPORT_TIMEOUT_MS = 10_000;
/** Minimum time between log lines about a collector that takes no spans. */
const QUIET_MS = 60_000;

type RootSampler = 'always_on' | 'always_off' | 'traceidratio';
export type SamplerName = RootSampler | `parentbased_${RootSampler}`;

export interface OtelOptions {
  /** The endpoint for spans: OTLP over HTTP in JSON. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly serviceName: string;
  /** Further attributes of the resource. */
  readonly resource: Readonly<Record<string, string>>;
  readonly sampler: SamplerName;
  /** Share of traces that a ratio sampler keeps, 0 to 1. */
  readonly ratio: number;
}

export interface OtelTools {
  readonly world: Pick<World, 'now'>;
  readonly log: Log;
  /** Replaces callback tokens: an executionId of CXone may quote one. */
  readonly conceal: (text: string) => string;
}

/** Sends spans to a collector. */
export function createOtel(options: OtelOptions, tools: OtelTools): Tracing {
  const { url, headers } = options;
  const { world, log } = tools;
  const exporter = new OTLPTraceExporter({ url, headers: { ...headers }, timeoutMillis: EXPORT_TIMEOUT_MS });
  const processor = new BatchSpanProcessor({
    exporter: loggingLoss(exporter, world, log),
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
      // The exporter has logged the failure.
    }
  };
  return { ...tracingWith(provider.getTracer(SCOPE), tools), close };
}

/** Sends spans to the tracer that the process was started with, which its owner closes. */
export function createRegisteredOtel(tools: SpanTools): Tracing {
  return { ...tracingWith(trace.getTracer(SCOPE), tools), close: () => Promise.resolve() };
}

type SpanTools = Pick<OtelTools, 'world' | 'conceal'>;

function tracingWith(tracer: Tracer, tools: SpanTools): Omit<Tracing, 'close'> {
  const { world } = tools;
  // All times come from the world, like those of the executions; a span may begin at an earlier time.
  const start = ({ name, kind }: Step, parent: TraceContext, links: Link[], startTime = world.now()): OtelSpan =>
    tracer.startSpan(name, { kind: KINDS[kind], links, startTime }, contextOf(parent));

  return {
    begin: (step, parent) => spanOf(start(step, parent, []), parent, tools),
    beginLinked: (step, origin, caller = NO_CONTEXT, startedAt) => {
      const linked = spanContextOf(origin);
      const span = start(step, caller, linked === null ? [] : [{ context: linked }], startedAt);
      // An unsampled trace has no advantage over the context that the execution came with.
      return span.isRecording() ? spanOf(span, caller, tools) : NO_SPAN;
    },
  };
}

const KINDS = { server: SpanKind.SERVER, client: SpanKind.CLIENT } as const satisfies Record<Step['kind'], SpanKind>;

function spanOf(span: OtelSpan, parent: TraceContext, { world, conceal }: SpanTools): Span {
  const { traceId, spanId, traceFlags } = span.spanContext();
  if (!trace.isSpanContextValid(span.spanContext())) return NO_SPAN;
  // The random flag holds for the whole trace; tracestate is passed on unchanged.
  const flags = (traceFlags & SAMPLED) | ((parseTraceparent(parent.traceparent)?.flags ?? 0) & RANDOM);
  return {
    context: { traceparent: formatTraceparent({ traceId, spanId, flags }), tracestate: parent.tracestate },
    end: (facts, about, answer) => {
      if (span.isRecording()) {
        const { attributes, error } = facts(about, answer);
        span.setAttributes(concealed(attributes, conceal));
        if (error !== null) span.setStatus({ code: SpanStatusCode.ERROR, message: error });
      }
      span.end(world.now());
    },
  };
}

function concealed(attributes: Attributes, conceal: OtelTools['conceal']): Attributes {
  const safe = Object.entries(attributes).map(([name, value]) => [
    name,
    // promise: spans-have-no-tokens
    typeof value === 'string' ? conceal(value) : value,
  ]);
  return Object.fromEntries(safe);
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

const SAMPLERS: Readonly<Record<RootSampler, (ratio: number) => Sampler>> = {
  always_on: () => new AlwaysOnSampler(),
  always_off: () => new AlwaysOffSampler(),
  traceidratio: (ratio) => new TraceIdRatioBasedSampler(ratio),
};

function samplerOf({ sampler, ratio }: Pick<OtelOptions, 'sampler' | 'ratio'>): Sampler {
  const root = SAMPLERS[sampler.replace('parentbased_', '') as RootSampler](ratio);
  return sampler.startsWith('parentbased_') ? new ParentBasedSampler({ root }) : root;
}

/** Samples a linked span if its submission was sampled, so that polls and callbacks are kept with it. */
function followingLinks(sampler: Sampler): Sampler {
  return {
    shouldSample: (...span) => {
      const [, , , , , [link]] = span;
      if (link === undefined) return sampler.shouldSample(...span);
      // promise: unsampled-is-not-exported
      const kept = (link.context.traceFlags & SAMPLED) !== 0;
      return { decision: kept ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.NOT_RECORD };
    },
    toString: () => `FollowingLinks{${sampler}}`,
  };
}

/** Written by hand, since the resources package is not a dependency and this is all that is needed. */
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

/** Logs lost spans at most once a minute, since the exporter does not report them. */
function loggingLoss(exporter: SpanExporter, world: Pick<World, 'now'>, log: Log): SpanExporter {
  let loggedAt = Number.NEGATIVE_INFINITY;
  let lost = 0;
  const logLoss = (spans: number, error: unknown) => {
    lost += spans;
    const now = world.now();
    if (Math.abs(now - loggedAt) < QUIET_MS) return;
    log.warn({ spans: lost, reason: reasonOf(error) }, 'the collector did not take spans; nothing else is affected');
    loggedAt = now;
    lost = 0;
  };
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        if (result.code !== 0) logLoss(spans.length, result.error);
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
  };
}
