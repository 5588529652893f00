// How a run stands, in the words of a CXone answer.

import type { JsonObject } from '../execution/json.ts';
import type { Run } from './run.ts';

/** `{executionId, status, result?, error?}` at this moment. */
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

/** How it stands in the end, whatever the time: a callback that comes a tick early still tells the outcome. */
export function finalStatus(run: Run): JsonObject {
  return currentStatus(run, Number.POSITIVE_INFINITY);
}

export function runningStatus(run: Run): JsonObject {
  return { executionId: run.executionId, status: 'RUNNING' };
}

/** An outcome that is never the true one. */
export function contradictingStatus(run: Run): JsonObject {
  return { executionId: run.executionId, status: 'COMPLETED', result: { untrue: true } };
}
