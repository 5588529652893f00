// The readiness address of the simulator, which is the same in every mode.

import type { Env, Hono } from 'hono';
import { json } from './responses.ts';

/** Adds GET /readyz, which responds 200 while the simulator listens. No recorded tenant and no dialect has this path. */
export function addReadiness<E extends Env>(app: Hono<E>): void {
  app.get('/readyz', () => json(200, { status: 'ready' }));
}
