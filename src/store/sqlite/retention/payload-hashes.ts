// What is still known of a payload that was pruned: enough to tell the same result, when it comes again, from another one.

import { outcomeIn } from '../../../execution/apply-result.ts';
import type { ExecutionEvent } from '../../../execution/event.ts';
import type { Execution } from '../../../execution/execution.ts';
import type { Json } from '../../../execution/json.ts';
import { outcomeHash } from '../audit/hash-chain.ts';

/** Each the SHA-256, in hex, of the column as it stood; an outcome's as the chain has it. */
export interface PayloadHashes {
  readonly inputs: string;
  readonly context: string;
  readonly outcome: string;
  readonly lateOutcome: string | null;
}

export function parsePayloadHashes(payloadSha256: string | null): PayloadHashes | null {
  return payloadSha256 === null ? null : (JSON.parse(payloadSha256) as PayloadHashes);
}

export function lateOutcomeHash({ result = null, error = null }: { result?: Json; error?: Json }): string {
  return outcomeHash({ result: asColumn(result), error: asColumn(error) });
}

/** The execution as it was before its payload was pruned, if the event brings the same result again; else as it is. */
export function restorePayload(execution: Execution, payloadSha256: string | null, event: ExecutionEvent): Execution {
  const hashes = parsePayloadHashes(payloadSha256);
  if (hashes === null || !('report' in event) || event.report.kind === 'progress') return execution;
  const { result, error } = outcomeIn(event.report);
  const said = lateOutcomeHash({ result, error });
  const { lateResult } = execution;
  if (lateResult === null) return said === hashes.outcome ? { ...execution, result, error } : execution;
  return said === hashes.lateOutcome ? { ...execution, lateResult: { ...lateResult, result, error } } : execution;
}

/** What a change made of an execution that was recalled, without what was recalled. */
export function stripPayload(after: Execution, recall: Execution, before: Execution): Execution {
  if (after === recall) return before;
  if (recall === before) return after;
  const { result, error, lateResult } = before;
  return { ...after, result, error, lateResult };
}

function asColumn(value: Json): string | null {
  return value === null ? null : JSON.stringify(value);
}
