// Creates the partitions of the audit trail before they are needed.

import type { Session } from '../connection/session.ts';

/** Returns the id of the entry after which it is to be called again. Its parameter is the id of the newest entry. */
export const EXTEND = 'SELECT extend_audit_rows($1) AS due';

type Queries = Session['all'];

export function createPartitions(session: Pick<Session, 'all'>) {
  let due = 0;
  let creating: Promise<void> | null = null;

  async function ensure(newest: number, all: Queries): Promise<void> {
    const [extended] = await all<{ due: number }>(EXTEND, [newest]);
    due = extended?.due ?? 0;
  }

  return {
    /** Creates the partitions of the next entry and of those after it. */
    ensure,
    /** Creates the next partition once half of the newest one is used. */
    reached: (newest: number): void => {
      if (newest < due || creating !== null) return;
      // A failure is repeated after the next batch, long before the partition is needed.
      creating = ensure(newest, session.all)
        .catch(() => {})
        .finally(() => {
          creating = null;
        });
    },
  };
}
