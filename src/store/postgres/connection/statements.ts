// The statements of the writing session.

const APPLY_BATCH = `apply_batch($1::integer, $2::bigint, $3::bigint, $4::boolean, $5::bigint, $6::json, $7::bigint[], $8::integer[],
  $9::json, $10::json, $11::json, $12::json, $13::json, $14::json, $15::integer[], $16::json, $17::json, $18::json, $19::json,
  $20::json, $21::integer[], $22::json, $23::json)`;

/** What apply_batch, apply_outcome and apply_outcomes return. */
export interface BatchResult {
  /** Ids of the new executions; null for a stale one. */
  readonly added: readonly (number | null)[] | null;
  /** Numbers of the stale parts. */
  readonly stale: readonly number[] | null;
  /** Id of the first entry. */
  readonly first: number | null;
  readonly head: number | null;
  readonly hash: string | null;
}

/** Parameters: slot, epoch, sequence, all-or-nothing, the newest entry that is known, and what `batchArguments` returns. */
export const APPLY = `SELECT ${APPLY_BATCH} AS result`;

/** The last parameters: the bounds of the queue, and the ranges of names in which none may be stored. */
export const APPLY_WITHIN = `SELECT one_request_per_key(within_queue(${APPLY_BATCH}, $24::json), $25::json) AS result`;

/** The last parameter: the keys of the submissions, each with the execution that it is a further name of. */
export const APPLY_WITH_KEYS = `SELECT keep_keys(one_request_per_key(within_queue(${APPLY_BATCH}, $24::json), $25::json), $25::json,
  $26::json) AS result`;

/** Parameters: slot, epoch, sequence, the newest entry that is known, and what `outcomeArguments` returns. */
export const APPLY_OUTCOME = `SELECT apply_outcome($1::integer, $2::bigint, $3::bigint, $4::bigint, $5::bigint, $6::integer, $7::uuid,
  $8::smallint, $9::smallint, $10::bigint, $11::text, $12::text, $13::bigint, $14::smallint, $15::smallint, $16::integer, $17::text,
  $18::text, $19::text, $20::boolean, $21::bigint, $22::json) AS result`;

/** Parameters: slot, epoch, sequence, the newest entry that is known, and what `outcomesArguments` returns. */
export const APPLY_OUTCOMES = `SELECT apply_outcomes($1::integer, $2::bigint, $3::bigint, $4::bigint, $5::bigint[], $6::integer[],
  $7::uuid[], $8::smallint[], $9::smallint[], $10::bigint[], $11::text[], $12::text[], $13::bigint[], $14::smallint[], $15::smallint[],
  $16::integer[], $17::text[], $18::text[], $19::text[], $20::boolean[], $21::bigint[], $22::integer[], $23::smallint[], $24::text[],
  $25::text[], $26::text[], $27::text[], $28::text[], $29::integer[], $30::integer[], $31::bigint[], $32::integer[]) AS result`;

/** Parameters: slot, epoch, sequence, the statement, and its values. */
export const WRITE = 'SELECT write_once($1::integer, $2::bigint, $3::bigint, $4::text, $5::json) AS result';

/** Parameters: slot, epoch, the sequence of the oldest receipt that is kept. */
export const REMOVE_RECEIPTS =
  'DELETE FROM receipts WHERE slot = $1 AND (epoch < $2::bigint - 10 OR epoch = $2 AND sequence < $3)';
