// Chooses the tracing: to a configured collector, to a tracer registered in this process, or none.

import type { OtelOptions, OtelTools } from './otel.ts';
import { hasRegisteredTracer, NO_TRACING, type Tracing } from './tracing.ts';

/** Loads OpenTelemetry only if it is needed, since loading costs time and memory. */
export async function startTracing(wanted: OtelOptions | null, tools: OtelTools): Promise<Tracing> {
  const registered = hasRegisteredTracer();
  if (wanted === null && !registered) return NO_TRACING;
  const { createOtel, createRegisteredOtel } = await import('./otel.ts');
  return registered || wanted === null ? createRegisteredOtel(tools) : createOtel(wanted, tools);
}
