// Runs the SQL functions that leave a receipt, once each: a lost response is resolved by the receipt.

import { reasonOf } from '../../../lib/log.ts';
import { StoreUnavailable } from '../../port.ts';
import type { Active } from './active.ts';
import { codeOf, FENCED, leavesInDoubt, READ_ONLY } from './errors.ts';
import { type Receipt, type ResolveOptions, resolveReceipt } from './resolve-receipt.ts';

/** Receipts of a slot after which the older ones are deleted. */
const MAX_RECEIPTS = 1_000;

export interface ReceiptedCall {
  /** Of the prepared statement. */
  readonly name: string;
  readonly text: string;
  /** The parameters behind slot, epoch and sequence. */
  readonly values: readonly unknown[];
}

/** @param lose called with a connection that is of no use any more, and why */
export function createReceipted(options: ResolveOptions, lose: (own: Active, why: string) => void) {
  let sequence = 0;
  return {
    /** The sequence of the oldest receipt that is kept. */
    oldestKept: (): number => sequence - MAX_RECEIPTS,
    /** @throws {StoreUnavailable} when it was not committed. */
    call: async <T>(own: Active, { name, text, values }: ReceiptedCall): Promise<T> => {
      sequence += 1;
      const receipt: Receipt = { slot: own.slot, epoch: own.epoch, sequence };
      const query = { name, text, values: [...Object.values(receipt), ...values] };
      try {
        const { rows } = await own.inTurn(() => own.client.query<{ result: T }>(query));
        return (rows[0] as { result: T }).result;
      } catch (error) {
        if (codeOf(error) === FENCED) {
          lose(own, 'another receiver has taken over');
          throw new StoreUnavailable('another receiver has taken over', { cause: error });
        }
        // Another host may accept writes by now.
        if (codeOf(error) === READ_ONLY) lose(own, reasonOf(error));
        if (!leavesInDoubt(error)) throw error;
        lose(own, reasonOf(error));
        // promise: postgres/lost-commit-is-resolved
        return await resolveReceipt<T>(options, receipt, error);
      }
    },
  };
}
