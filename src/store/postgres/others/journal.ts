// Puts the changes of this receiver and those of others into one order: that of the audit entries.
//
// A change of this receiver comes with its commit. What others have committed before it is read first, so that listeners see every
// entry once and in order, and need no query for what they already know.

import type { Change, CommittedChange } from '../../port.ts';
import { readsThrough } from '../../shared/reads.ts';
import { readHead } from '../queries/audit.ts';
import type { IdRange } from '../writer-options.ts';
import type { Query } from './hints.ts';
import { MAX_LISTED, type OthersRow, READ_OTHERS, toCommittedChange } from './read-others.ts';

export interface JournalOptions {
  /** Resolves when the commit that is under way has been taken, or has failed. */
  readonly settled: () => Promise<void>;
  readonly own: (changes: readonly Change[]) => void;
  /** Called with what is read, as soon as it is read: also with changes of this receiver, and with what is not delivered. */
  readonly read: (changes: readonly CommittedChange[]) => void;
  /** Null: more than are listed. */
  readonly others: (changes: readonly CommittedChange[] | null) => void;
  /** Called when entries of others are missing before a change of this receiver. */
  readonly missing: () => void;
}

interface Own {
  readonly changes: readonly Change[];
  readonly entries: IdRange | null;
}

// One function because its parts share the position in the trail.
export function createJournal({ settled, own, read, others, missing }: JournalOptions) {
  let through = 0;
  let restarts = 0;
  let waiting: Own[] = [];

  /** Delivers the changes of this receiver before which nothing is missing. */
  function deliverOwn(): void {
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      // promise: postgres/entries-of-all-in-order
      if (next.entries !== null && next.entries.first > through + 1) return;
      waiting = waiting.slice(1);
      through = Math.max(through, next.entries?.last ?? 0);
      if (next.changes.length > 0) own(next.changes);
    }
  }

  function deliver(changes: readonly CommittedChange[]): void {
    const idAt = (index: number) => changes[index]?.entry.id;
    let from = 0;
    for (;;) {
      deliverOwn();
      const end = waiting[0]?.entries?.first ?? Number.POSITIVE_INFINITY;
      while ((idAt(from) ?? end) <= through) from += 1;
      let to = from;
      while ((idAt(to) ?? end) < end) to += 1;
      const last = idAt(to - 1);
      if (to === from || last === undefined) return;
      through = last;
      others(changes.slice(from, to));
      from = to;
    }
  }

  function skipTo(end: number): void {
    through = Math.max(through, end);
    deliverOwn();
    others(null);
  }

  async function catchUp(query: Query): Promise<void> {
    const begun = restarts;
    const rows = await query<OthersRow>(READ_OTHERS, [through, MAX_LISTED + 1], 'read_others');
    if (rows.length === 0) return;
    const changes = rows.map(toCommittedChange);
    read(changes);
    const end = rows.length > MAX_LISTED ? await newestId(query) : null;
    // A commit of this receiver may have been read before its response has arrived: its entries are not those of others.
    await settled();
    // What was read is lost, perhaps: others get its ids.
    // promise: postgres/lost-entries-hide-no-others
    if (restarts !== begun) return;
    if (end === null) deliver(changes);
    else skipTo(end);
  }

  return {
    /** Begins behind this entry. */
    begin: (id: number): void => {
      through = id;
    },
    /** Continues behind this entry, because entries that were delivered, or wait, are lost: anything may have changed. */
    restart: (id: number): void => {
      waiting = [];
      restarts += 1;
      through = id;
      others(null);
    },
    /** The newest entry that was delivered. */
    through: (): number => through,
    /** Takes the changes of a commit of this receiver, and the ids of all of its entries; null without entries. */
    committed: (changes: readonly Change[], entries: IdRange | null): void => {
      waiting.push({ changes, entries });
      deliverOwn();
      if (waiting.length > 0) missing();
    },
    /** Delivers what others have committed. */
    catchUp,
    /** Delivers the changes of this receiver that wait for those of others. To be called after its last commit. */
    finish: async (query: Query): Promise<void> => {
      if (waiting.length > 0) await catchUp(query);
    },
  };
}

async function newestId(query: Query): Promise<number> {
  return (await readHead(readsThrough(query))).id;
}
