// Hashes of a pruned payload: they distinguish a repetition of its result from a different result.

import { hash } from 'node:crypto';
import { outcomeIn } from '../../execution/apply-result.ts';
import { canonicalJson } from '../../execution/canonical-json.ts';
import type { ExecutionEvent } from '../../execution/event.ts';
import type { Execution } from '../../execution/execution.ts';
import type { Json } from '../../execution/json.ts';
import { toJson } from './columns.ts';
import { outcomeHash } from './hash-chain.ts';

/** Hex SHA-256 of each column before the pruning; `outcome` is the hash that the audit chain has. */
export interface PayloadHashes {
  readonly inputs: string;
  readonly context: string;
  readonly outcome: string;
  readonly lateOutcome: string | null;
  /** SHA-256 of the canonical JSON of an outcome, for comparison. Undefined in rows that version 0.1.0 pruned. */
  readonly meaning?: string;
  readonly lateMeaning?: string;
}

export function parsePayloadHashes(payloadSha256: string | null): PayloadHashes | null {
  return payloadSha256 === null ? null : (JSON.parse(payloadSha256) as PayloadHashes);
}

export function lateOutcomeHash({ result = null, error = null }: { result?: Json; error?: Json }): string {
  return outcomeHash({ result: toJson(result), error: toJson(error) });
}

/** Returns the execution with its pruned result restored if the event repeats that result, else the execution itself. */
export function restorePayload(execution: Execution, payloadSha256: string | null, event: ExecutionEvent): Execution {
  const hashes = parsePayloadHashes(payloadSha256);
  if (hashes === null || !('report' in event) || event.report.kind === 'progress') return execution;
  const { result, error } = outcomeIn(event.report);
  const { lateResult } = execution;
  const isSame =
    lateResult === null ? isOutcome(hashes.outcome, hashes.meaning) : isOutcome(hashes.lateOutcome, hashes.lateMeaning);
  if (!isSame) return execution;
  return lateResult === null
    ? { ...execution, result, error }
    : { ...execution, lateResult: { ...lateResult, result, error } };

  function isOutcome(written: string | null, meaning: string | undefined): boolean {
    // promise: pruned-number-is-compared
    if (meaning !== undefined) return outcomeMeaning({ result, error }) === meaning;
    // Version 0.1.0 wrote a number as a double unless another number of the body required more.
    return [result, JSON.parse(JSON.stringify(result))].some(
      (one) => lateOutcomeHash({ result: one, error }) === written,
    );
  }
}

export function outcomeMeaning({ result = null, error = null }: { result?: Json; error?: Json }): string {
  return hash('sha256', canonicalJson([result, error]), 'hex');
}

/** Returns the execution after a change, without the result that `restorePayload` restored. */
export function stripPayload(after: Execution, restored: Execution, before: Execution): Execution {
  if (after === restored) return before;
  if (restored === before) return after;
  const { result, error, lateResult } = before;
  return { ...after, result, error, lateResult };
}
