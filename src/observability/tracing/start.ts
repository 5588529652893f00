// Which tracing there is: a collector's, that of a tracer somebody else registered in this process, or none.

import type { Log } from '../../lib/log.ts';
import type { World } from '../../lib/world.ts';
import type { OtelOptions } from './otel.ts';
import { hasRegisteredTracer, NO_TRACING, type Tracing } from './tracing.ts';

/** OpenTelemetry is loaded only for those who want it: nobody else pays for it, with time or with memory. */
export async function startTracing(wanted: OtelOptions | null, world: World, log: Log): Promise<Tracing> {
  const registered = hasRegisteredTracer();
  if (wanted === null && !registered) return NO_TRACING;
  const { createOtel, createRegisteredOtel } = await import('./otel.ts');
  return registered || wanted === null ? createRegisteredOtel(world) : createOtel(wanted, world, log);
}
