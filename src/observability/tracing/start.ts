// Chooses the tracing: to a configured collector, to a tracer registered in this process, or none.

import type { Log } from '../../lib/log.ts';
import type { World } from '../../lib/world.ts';
import type { OtelOptions } from './otel.ts';
import { hasRegisteredTracer, NO_TRACING, type Tracing } from './tracing.ts';

/** Loads OpenTelemetry only if it is needed, since loading costs time and memory. */
export async function startTracing(wanted: OtelOptions | null, world: World, log: Log): Promise<Tracing> {
  const registered = hasRegisteredTracer();
  if (wanted === null && !registered) return NO_TRACING;
  const { createOtel, createRegisteredOtel } = await import('./otel.ts');
  return registered || wanted === null ? createRegisteredOtel(world) : createOtel(wanted, world, log);
}
