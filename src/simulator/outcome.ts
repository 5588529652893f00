// The status of a run, in the form of a CXone response.

import type { JsonObject } from '../execution/json.ts';
import type { Run } from './script.ts';

/** Returns `{executionId, status, result?, error?}` at a time. */
export function currentStatus(run: Run, now: number): JsonObject {
  const { script } = run;
  if (script.outcome === 'never' || now < run.endsAt) return runningStatus(run);
  return script.outcome === 'completed'
    ? {
        executionId: run.executionId,
        status: script.word ?? 'COMPLETED',
        result: script.result === undefined ? run.echo : script.result,
      }
    : { executionId: run.executionId, status: script.word ?? 'FAILED', error: script.error };
}

/** Returns the final status at any time, so that a callback that is sent slightly early has the outcome. */
export function finalStatus(run: Run): JsonObject {
  return currentStatus(run, Number.POSITIVE_INFINITY);
}

export function runningStatus(run: Run): JsonObject {
  return { executionId: run.executionId, status: 'RUNNING' };
}

/** Returns an outcome that contradicts the true one. */
export function contradictingStatus(run: Run): JsonObject {
  return { executionId: run.executionId, status: 'COMPLETED', result: { untrue: true } };
}
