// What the writer of decisions needs, and what it reports.

import type { Log } from '../../lib/log.ts';
import type { Change } from '../port.ts';
import type { Session } from './connection/session.ts';
import type { BatchResult } from './connection/statements.ts';
import type { QueueBounds } from './executions/queue-bounds.ts';

export interface WriterOptions {
  readonly session: Pick<Session, 'all' | 'apply' | 'state' | 'reason'>;
  readonly log: Log;
  /** Entries of one execution and one event after which repeats are counted. */
  readonly listedRepeats: number;
  readonly knownHead: () => number;
  readonly queue: QueueBounds;
  /** Creates the partition of the next audit entry. */
  readonly makeRoom: () => Promise<void>;
  /** Called after each commit, before its promises settle. */
  readonly applied: (result: BatchResult) => void;
  /** Called after each commit, in commit order, with the changes and the ids of all entries; null without entries. */
  readonly committed: (changes: readonly Change[], entries: IdRange | null) => void;
  readonly observe?: (batch: number, milliseconds: number) => void;
}

export interface IdRange {
  readonly first: number;
  readonly last: number;
}
