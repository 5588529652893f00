// What an erasure leaves of the entries of an execution, and why an execution is not erased.

import type { Execution } from '../../execution/execution.ts';
import { type JsonObject, readJson } from '../../execution/json.ts';
import { reducedDetail } from '../../execution/reduced-detail.ts';
import type { Erased } from '../erasure-port.ts';
import type { AuditRow } from './audit-rows.ts';
import { EVENT_CODES } from './codes.ts';
import { erasureSeal } from './hash-chain.ts';

/** Seals in one entry. An erasure of more entries writes several entries. */
const MAX_SEALS = 500;

/** Why the pending notifications of an erased execution are given up. */
export const GIVEN_UP = 'the content of the execution was erased';

/** Codes of the entries about orders of administrators, which state no content. */
export const ORDERS = [EVENT_CODES.HELD, EVENT_CODES.RELEASED, EVENT_CODES.ERASED, EVENT_CODES.RESUBMITTED].join(', ');

/** An entry that had content. */
export interface Reduction {
  readonly id: number;
  /** What remains of its detail, as JSON. */
  readonly detail: string;
  /** The status word of the entry that no profile lists. */
  readonly unknownWord: string | null;
  readonly seal: string;
}

export function refusalOf({ erasedAt, heldAt, resolvedAt }: Execution): Exclude<Erased['outcome'], 'erased'> | null {
  if (erasedAt !== null) return 'already-erased';
  // promise: held-execution-is-not-erased
  if (heldAt !== null) return 'held';
  return resolvedAt === null ? 'open' : null;
}

/** Returns what remains of an entry; nothing for one without content. @param previous the hash of the entry before it */
export function reductionOf(row: AuditRow, previous: () => string): Reduction[] {
  const detail = readJson(row.detail) as JsonObject;
  const reduced = reducedDetail(detail);
  if (reduced === detail) return [];
  const text = JSON.stringify(reduced);
  const unknownWord = detail['unknownWord'] === true && !('repeats' in detail) ? String(detail['word']) : null;
  return [{ id: row.id, detail: text, unknownWord, seal: erasureSeal(previous(), { ...row, detail: text }) }];
}

/** Returns the seals by entry id for each entry ERASED, of which there is at least one. */
export function sealsIn(reductions: readonly Reduction[]): JsonObject[] {
  const parts = Math.max(1, Math.ceil(reductions.length / MAX_SEALS));
  return Array.from({ length: parts }, (_, part) =>
    Object.fromEntries(
      reductions.slice(part * MAX_SEALS, (part + 1) * MAX_SEALS).map(({ id, seal }) => [String(id), seal]),
    ),
  );
}
