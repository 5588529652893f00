// Seeded randomness. Every number has a name, so that a run is reproducible in any order of events.

import { createHash } from 'node:crypto';
import type { JsonObject } from '../execution/json.ts';
import { forgetBeyond } from '../lib/bounded.ts';
import type { CaseRecord } from './ledger.ts';

export interface Dice {
  /** Returns a number, uniform in [0, 1); the same names return the same number. */
  roll(...names: readonly (string | number)[]): number;
  /** Returns 64 bits, for ids. */
  bits(...names: readonly (string | number)[]): bigint;
}

export function createDice(seed: string): Dice {
  const bits: Dice['bits'] = (...names) =>
    createHash('sha256')
      .update(JSON.stringify([seed, ...names]))
      .digest()
      .readBigUInt64BE();
  return { bits, roll: (...names) => Number(bits(...names) >> 11n) / 2 ** 53 };
}

/** A UUID with a time (RFC 9562, version 7), as the receiver generates it: it differs in every run. */
const GENERATED_ID = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/gi;

/** What is left of a generated id, or the id of a record without one. */
const UNNAMED = /^(?:unnamed-\d+)?$/;

/** Kinds of submissions that are counted. */
const MAX_COUNTS = 100_000;

export type SeedNames = ReturnType<typeof createSeedNames>;

export function createSeedNames() {
  let names = new WeakMap<CaseRecord, string>();
  let counts = new Map<string, number>();

  function create({ correlationId, actionId }: CaseRecord, inputs: JsonObject): string {
    // promise: seed-repeats-generated-ids
    if (!UNNAMED.test(correlationId.replace(GENERATED_ID, ''))) return correlationId;
    const content = JSON.stringify([actionId, inputs]).replaceAll(GENERATED_ID, '');
    const key = createHash('sha256').update(content).digest('base64url');
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    forgetBeyond(counts, MAX_COUNTS);
    return `${key} ${count}`;
  }

  return {
    /** Returns the correlation id that an app chose, else the action and its inputs, numbered among equal submissions. */
    of: (record: CaseRecord, inputs: JsonObject): string => {
      const name = names.get(record) ?? create(record, inputs);
      names.set(record, name);
      return name;
    },
    clear: (): void => {
      names = new WeakMap();
      counts = new Map();
    },
  };
}
