// Remembers which executions have left the queue: in a database that has lost its last commits, they are in the queue again.
//
// A promotion of a standby that lagged behind, and a recovery to an earlier time, take back commits on which receivers have acted. The
// newest known entry of an execution proves whether its row is from before: after such a loss the trail does not have it.

import type { AuditEvent } from '../../../execution/event.ts';
import type { Status } from '../../../execution/execution.ts';
import type { Log } from '../../../lib/log.ts';
import type { CommittedChange } from '../../port.ts';
import { EVENT_CODES } from '../../shared/codes.ts';
import type { Session } from '../connection/session.ts';

/** Executions that are remembered, the last ones: about 10 MB. */
const MAX_REMEMBERED = 100_000;

/** Responses of CXone after which what returns to the queue was certainly not processed. */
const REFUSED: ReadonlySet<AuditEvent> = new Set(['RATE_LIMITED', 'FAILED']);

/** Parameters, for each execution: its reference, the id and the event of the entry. */
const WITHOUT_ENTRY = `SELECT g.reference FROM unnest($1::uuid[], $2::bigint[], $3::smallint[]) AS g(reference, id, event)
  WHERE NOT EXISTS (SELECT 1 FROM audit_rows_all AS a JOIN execution_rows AS r ON r.id = a.execution
    WHERE a.id = g.id AND a.event = g.event AND r.reference = g.reference)`;

const LOST = 'executions are not sent again: the database has lost the commits with which they left the queue';

type Named = Pick<CommittedChange['execution'], 'reference'>;

/** Executions that are in the queue again, with the newest known status of each. */
export type Returned = ReadonlyMap<string, Status>;

export type LeftQueue = ReturnType<typeof createLeftQueue>;

interface Known extends Pick<CommittedChange['entry'], 'id' | 'event'> {
  readonly status: Status;
}

export function createLeftQueue(all: Session['all'], log: Log, most = MAX_REMEMBERED) {
  const left = new Map<string, Known>();

  function take({ execution: { reference, dispatchAt, status }, entry: { id, event } }: CommittedChange): void {
    // What others have committed may be read late.
    if ((left.get(reference)?.id ?? 0) >= id) return;
    if (dispatchAt !== null) {
      // Any other entry about a queued execution may be from after the loss.
      if (REFUSED.has(event)) left.delete(reference);
      return;
    }
    left.delete(reference);
    left.set(reference, { id, event, status });
    const [oldest] = left.keys();
    if (left.size > most && oldest !== undefined) left.delete(oldest);
  }

  return {
    /** Takes what this receiver or another one has committed, perhaps twice. */
    note: (changes: readonly CommittedChange[]): void => {
      for (const change of changes) if (isStep(change)) take(change);
    },
    /** Returns which of these queued executions are in the queue because the database has lost that they left it. */
    returned: async (queued: readonly Named[]): Promise<Returned> => {
      const known = queued.flatMap(({ reference }) => {
        const one = left.get(reference);
        return one === undefined ? [] : [{ reference, ...one }];
      });
      if (known.length === 0) return new Map();
      const rows = await all<Named>(WITHOUT_ENTRY, [
        known.map(({ reference }) => reference),
        known.map(({ id }) => id),
        known.map(({ event }) => EVENT_CODES[event]),
      ]);
      if (rows.length > 0) log.warn({ executions: rows.length }, LOST);
      const lost = new Set(rows.map(({ reference }) => reference));
      return new Map(
        known.flatMap(({ reference, status }) => (lost.has(reference) ? [[reference, status] as const] : [])),
      );
    },
  };
}

/** A counted entry is not in the trail. What ended in the queue was not sent, and ends there again. */
function isStep({ outcome, entry, isCounted = false }: CommittedChange): boolean {
  return outcome !== 'notification' && entry.event !== 'QUEUE_TIMEOUT' && !isCounted;
}
