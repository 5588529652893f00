// The promises of the whole audit trail: it only grows, each entry is chained to the one before, and ended executions stay unchanged.

import { type EntryRow, hashOfEntry, type Row, type View } from '../database.ts';
import { isOpen } from '../trail.ts';
import { demand, show } from '../violation.ts';

const CHAINED = 'the hash chain verifies';
const APPEND_ONLY = 'an entry that was there stays there';
const FINAL = 'an outcome never changes';
const KEPT = 'what was stored stays stored';
const CONSERVED = 'what was accepted is terminal or open';

export interface Ledger {
  readonly trails: ReadonlyMap<string, readonly EntryRow[]>;
  /** Reads the new entries and compares them with all earlier ones. */
  update(view: View): ReadonlyMap<string, Row>;
  /** The hash of the last entry, which covers the whole history. */
  head(): string;
}

export function createLedger(): Ledger {
  const trails = new Map<string, EntryRow[]>();
  const ended = new Map<string, string>();
  const lateResults = new Map<string, string>();
  let known = new Set<string>();
  let head = { id: 0, hash: '' };

  function append(entry: EntryRow): void {
    demand(entry.id === head.id + 1, CHAINED, () => `entry ${entry.id} follows entry ${head.id}`);
    demand(hashOfEntry(head.hash, entry) === entry.hash, CHAINED, () => show(entry));
    head = { id: entry.id, hash: entry.hash };
    trails.set(entry.correlation_id, [...(trails.get(entry.correlation_id) ?? []), entry]);
  }

  function fix(row: Row): void {
    const { correlation_id: id, status, resolved_by, resolved_at, result, error, late_result } = row;
    const before = ended.get(id);
    const now = show({ status, resolved_by, resolved_at, result, error });
    demand(before === undefined || before === now, FINAL, () => `${id} was ${before} and is ${now}`);
    if (!isOpen(status)) ended.set(id, now);
    const late = lateResults.get(id);
    demand(late === undefined || late === late_result, FINAL, () => `${id} had ${late} and has ${late_result}`);
    if (late_result !== null) lateResults.set(id, late_result);
  }

  return {
    trails,
    update: (view) => {
      if (head.id === 0) head = { id: 0, hash: view.firstHash() };
      else demand(view.hashOf(head.id) === head.hash, APPEND_ONLY, () => `entry ${head.id}`);
      for (const entry of view.entriesAfter(head.id)) append(entry);
      const rows = new Map(view.rows().map((row) => [row.correlation_id, row]));
      for (const id of known) demand(rows.has(id), KEPT, () => id);
      known = new Set(rows.keys());
      for (const row of rows.values()) fix(row);
      const { accepted, difference } = view.conservation();
      demand(difference === 0 && accepted === rows.size, CONSERVED, () =>
        show({ accepted, difference, rows: rows.size }),
      );
      return rows;
    },
    head: () => head.hash,
  };
}
