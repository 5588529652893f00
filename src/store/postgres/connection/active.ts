// The connection through which a receiver writes, with its slot. It runs one statement at a time.

import type { Client } from 'pg';
import { comparable } from '../storable-json.ts';
import type { createTurns } from '../turns.ts';
import { type KeptPlans, keptUnder } from './kept-plans.ts';
import type { Slot } from './slot.ts';

export interface Active extends Slot {
  readonly client: Client;
  /** Whether this connection has the lock of the leader. */
  leads: boolean;
  readonly inTurn: ReturnType<typeof createTurns>;
  readonly keptPlan: KeptPlans;
}

/** @param name of a statement of which the plan is kept */
export async function rowsOf<Row>(
  { client, inTurn, keptPlan }: Active,
  text: string,
  values: readonly unknown[],
  name?: string,
): Promise<Row[]> {
  const query = { text, values: comparable(values), ...keptUnder(name, keptPlan) };
  return (await inTurn(() => client.query(query))).rows as Row[];
}
