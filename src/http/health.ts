// Whether the process lives, whether it can do its work, and how it fares.

import { reasonOf } from '../lib/log.ts';
import type { HttpDependencies } from './dependencies.ts';
import { json, respond } from './response/json.ts';
import { problem } from './response/problem.ts';
import type { LivenessBody, ReadinessBody } from './schemas/health.ts';

const RETRY_AFTER_SECONDS = 5;

type Dependencies = Pick<HttpDependencies, 'lifecycle' | 'metrics' | 'runtime'>;

export function createHealth(deps: Dependencies) {
  return {
    live: () => json(200, { live: true } satisfies LivenessBody),

    ready: async () => {
      const notReady = deps.lifecycle.draining() ? ['draining'] : await missing(deps);
      if (notReady.length === 0) return json(200, { ready: true, notReady: [] } satisfies ReadinessBody);
      return problem('not-ready', `Not ready: ${notReady.join(', ')}.`, {
        headers: { 'retry-after': String(RETRY_AFTER_SECONDS) },
        members: { ready: false, notReady },
      });
    },

    metrics: async () => {
      const { contentType, body } = await deps.metrics.scrape();
      return respond(200, body, { 'content-type': contentType });
    },
  };
}

async function missing({ lifecycle, runtime }: Dependencies): Promise<readonly string[]> {
  try {
    return await lifecycle.ready();
  } catch (error) {
    runtime.log.error({ reason: reasonOf(error) }, 'the readiness check failed');
    return ['the readiness check failed'];
  }
}
