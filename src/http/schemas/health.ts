// What probes are answered.

import * as v from 'valibot';

export const LIVE = v.object({ live: v.literal(true) });

export const READY = v.object({
  ready: v.literal(true),
  notReady: v.pipe(v.array(v.string()), v.maxLength(0), v.description('Nothing is amiss.')),
});

export type LivenessBody = v.InferOutput<typeof LIVE>;
export type ReadinessBody = v.InferOutput<typeof READY>;
