// JSON and times in columns, and the columns of an outcome.

import type { Execution } from '../../execution/execution.ts';
import { type Json, type JsonObject, LargeJson, writeJson } from '../../execution/json.ts';
import { outcomeHash } from './hash-chain.ts';

/** Times are stored in whole milliseconds: as text, they had no more digits. */
export function wholeMs(time: number | null): number | null {
  return time === null ? null : Math.trunc(time);
}

/** Converts JSON null to SQL NULL, so that queries see an absent value. */
export function toJson(value: Json): string | null {
  return value === null ? null : writeJson(value);
}

export function fromJson(text: string | null): Json {
  return text === null ? null : LargeJson.from(text);
}

export interface OutcomeColumns {
  readonly result: string | null;
  readonly error: string | null;
  readonly lateResult: string | null;
}

/** Returns what the entry of an outcome states about it, so that the chain covers it. */
export function sealOf(execution: Execution): JsonObject {
  return { status: execution.status, outcomeSha256: outcomeHash(outcomeColumns(execution)) };
}

export function outcomeColumns({ result, error, lateResult }: Execution): OutcomeColumns {
  return { result: toJson(result), error: toJson(error), lateResult: toJson(lateResult as Json) };
}
