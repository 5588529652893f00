// Creates the partitions of the audit trail before they are needed.

import type { Session } from '../connection/session.ts';

/** Ids of one partition, as the SQL function create_audit_partition has it. */
const SIZE = 1_000_000;

type Queries = Session['all'];

export interface Partitions {
  /** Creates the partitions of the next entry and of those after it. */
  ensure(newest: number, all: Queries): Promise<void>;
  /** Creates the next partition once half of the newest one is used. */
  reached(newest: number): void;
}

export function createPartitions(session: Pick<Session, 'all'>): Partitions {
  let created = 0;
  let creating: Promise<void> | null = null;

  async function ensure(newest: number, all: Queries): Promise<void> {
    for (const id of [newest + 1, newest + 1 + SIZE / 2]) {
      const end = Math.ceil(id / SIZE) * SIZE;
      if (end <= created) continue;
      await all('SELECT create_audit_partition($1)', [id]);
      created = end;
    }
  }

  return {
    ensure,
    reached: (newest) => {
      if (newest + SIZE / 2 < created || creating !== null) return;
      // A failure is repeated after the next batch, long before the partition is needed.
      creating = ensure(newest, session.all)
        .catch(() => {})
        .finally(() => {
          creating = null;
        });
    },
  };
}
