// Resolves a commit whose response was lost: the receipt that the commit wrote shows whether it happened.

import { reasonOf } from '../../../lib/log.ts';
import type { World } from '../../../lib/world.ts';
import { StoreUnavailable } from '../../port.ts';
import { type ConnectOptions, connectWritable } from './connect.ts';

/** The interval between two attempts to connect, in milliseconds. */
export const RECONNECT_MS = 250;

/** Time limit of a statement, in milliseconds. */
const STATEMENT_MS = 10_000;

/** The connection was lost during a commit, and nothing shows whether it was committed. */
class InDoubt extends Error {
  override readonly name = 'InDoubt';
}

export interface Receipt {
  readonly slot: number;
  readonly epoch: number;
  readonly sequence: number;
}

export interface ResolveOptions {
  /** `applicationName` names this receiver in the table `receivers`, too. */
  readonly connecting: ConnectOptions & { readonly tables: string };
  readonly world: Pick<World, 'sleep'>;
  /** Ends the attempts, because the store is closed. */
  readonly signal: AbortSignal;
}

/**
 * Raises the epoch of the slot, after which the receipt decides. Another connection may have raised it already.
 * @throws {StoreUnavailable} when nothing was committed, {InDoubt} when the signal aborts.
 */
export async function resolveReceipt<T>(
  { connecting, world, signal }: ResolveOptions,
  { slot, epoch, sequence }: Receipt,
  cause: unknown,
): Promise<T> {
  while (!signal.aborted) {
    try {
      const { client } = await connectWritable({ ...connecting, limitMs: STATEMENT_MS });
      try {
        await client.query('UPDATE receivers SET epoch = epoch + 1 WHERE slot = $1 AND epoch = $2', [slot, epoch]);
        const { rows } = await client.query<{ result: T | null; isKept: boolean }>(
          `SELECT r.result, r.slot IS NOT NULL AS "isKept" FROM receivers AS s
          LEFT JOIN receipts AS r ON r.slot = s.slot AND r.epoch = $2 AND r.sequence = $3
          WHERE s.slot = $1 AND s.name = $4`,
          [slot, epoch, sequence, connecting.applicationName],
        );
        const [found] = rows;
        // A slot is removed with its receipts a day after its last sign of life.
        if (found === undefined) throw new InDoubt('the receipt of a change was removed', { cause });
        if (!found.isKept) throw new StoreUnavailable('the connection was lost before the commit', { cause });
        return found.result as T;
      } finally {
        await client.end().catch(() => {});
      }
    } catch (error) {
      if (error instanceof StoreUnavailable || error instanceof InDoubt) throw error;
      connecting.log.debug(
        () => ({ reason: reasonOf(error) }),
        'a commit is in doubt, and the database is not available',
      );
    }
    await world.sleep(RECONNECT_MS, signal);
  }
  throw new InDoubt('the store was closed before the database showed whether a change was committed', { cause });
}
