// Remembers which executions have left the queue: in a database that has lost its last commits, they are in the queue again.
//
// A promotion of a standby that lagged behind, and a recovery to an earlier time, take back commits on which receivers have acted. The
// entry with which an execution left the queue proves whether its row is from before: after such a loss the trail does not have it.

import type { AuditEvent } from '../../../execution/event.ts';
import type { Log } from '../../../lib/log.ts';
import type { CommittedChange } from '../../port.ts';
import { EVENT_CODES } from '../../shared/codes.ts';
import type { Session } from '../connection/session.ts';

/** Executions that are remembered, the last ones: about 10 MB. */
const MAX_REMEMBERED = 100_000;

/** Events that take an execution out of the queue, after which it must not be sent. */
const LEAVES: ReadonlySet<AuditEvent> = new Set(['DISPATCHED', 'CANCELLED']);

/** Parameters, for each execution: its reference, the id and the event of the entry. */
const WITHOUT_ENTRY = `SELECT g.reference FROM unnest($1::uuid[], $2::bigint[], $3::smallint[]) AS g(reference, id, event)
  WHERE NOT EXISTS (SELECT 1 FROM audit_rows_all AS a JOIN execution_rows AS r ON r.id = a.execution
    WHERE a.id = g.id AND a.event = g.event AND r.reference = g.reference)`;

const LOST = 'executions are not sent again: the database has lost the commits with which they left the queue';

type Named = Pick<CommittedChange['execution'], 'reference'>;

export interface LeftQueue {
  /** Takes what this receiver or another one has committed. */
  note(changes: readonly CommittedChange[]): void;
  /** Returns which of these queued executions are in the queue because the database has lost that they left it. */
  returned(queued: readonly Named[]): Promise<ReadonlySet<string>>;
}

type Entry = Pick<CommittedChange['entry'], 'id' | 'event'>;

export function createLeftQueue(all: Session['all'], log: Log, most = MAX_REMEMBERED): LeftQueue {
  const entries = new Map<string, Entry>();

  function remember(reference: string, entry: Entry): void {
    // What others have committed may be read late.
    if ((entries.get(reference)?.id ?? 0) >= entry.id) return;
    entries.delete(reference);
    entries.set(reference, { id: entry.id, event: entry.event });
    const [oldest] = entries.keys();
    if (entries.size > most && oldest !== undefined) entries.delete(oldest);
  }

  return {
    note: (changes) => {
      for (const { execution, entry, isCounted } of changes) {
        // A request that was certainly not processed is sent again.
        if (execution.dispatchAt !== null) entries.delete(execution.reference);
        // A counted entry is not in the trail.
        else if (LEAVES.has(entry.event) && !isCounted) remember(execution.reference, entry);
      }
    },
    returned: async (queued) => {
      const known = queued.flatMap(({ reference }) => {
        const entry = entries.get(reference);
        return entry === undefined ? [] : [{ reference, ...entry }];
      });
      if (known.length === 0) return new Set();
      const rows = await all<{ reference: string }>(WITHOUT_ENTRY, [
        known.map(({ reference }) => reference),
        known.map(({ id }) => id),
        known.map(({ event }) => EVENT_CODES[event]),
      ]);
      if (rows.length > 0) log.warn({ executions: rows.length }, LOST);
      return new Set(rows.map(({ reference }) => reference));
    },
  };
}
