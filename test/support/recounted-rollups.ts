// The roll-ups that a file should have, counted from its executions and its trail with plain SQL.

import type { Database } from 'better-sqlite3';

type Value = string | number;

export interface RollupRows {
  readonly submitted: readonly string[];
  readonly outcomes: readonly string[];
  readonly ended: readonly string[];
}

interface Row {
  readonly correlation_id: string;
  readonly reference: string;
  readonly app: string;
  readonly action_id: string;
  readonly status: string;
  readonly resolved_by: string | null;
  readonly sent_at: string | null;
  readonly resolved_at: string | null;
  readonly late_result: string | null;
  readonly poll_count: number;
  readonly ms: number | null;
}

/** Returns the rows of the tables, each as text. */
export function storedRollups(client: Database): RollupRows {
  const rows = (table: string) =>
    client
      .prepare<[], Value[]>(`SELECT * FROM ${table}`)
      .raw()
      .all()
      .map((row) => row.join(' '))
      .sort();
  return { submitted: rows('rollup_submitted'), outcomes: rows('rollup_outcomes'), ended: rows('rollup_ended') };
}

/** Returns the rows that the tables should have. */
export function recountedRollups(client: Database): RollupRows {
  const executions = client
    .prepare<[], Row>(
      `SELECT correlation_id, reference, app, action_id, status, resolved_by, sent_at, resolved_at, late_result, poll_count,
        total_latency_ms AS ms FROM executions`,
    )
    .all();
  const endedRowOf = createEndedRows(client);
  const ended = executions.filter(({ resolved_at: end }) => end !== null);
  return {
    submitted: counted([
      ...executions.map((row) => [...submissionOf(row), 'accepted']),
      ...ended.filter(({ sent_at: sent }) => sent === null).map((row) => [...submissionOf(row), 'unsent']),
    ]),
    outcomes: counted(ended.map(outcomeRowOf)),
    ended: counted(ended.map(endedRowOf).filter((row) => row !== null)),
  };
}

function counted(rows: readonly (readonly Value[])[]): string[] {
  const counts = new Map<string, number>();
  for (const key of rows.map((row) => row.join(' '))) counts.set(key, (counts.get(key) ?? 0) + 1);
  return [...counts].map(([key, times]) => `${key} ${times}`).sort();
}

function submissionOf({ reference, app, action_id }: Row): Value[] {
  return [hourOf(Number.parseInt(reference.replace('-', '').slice(0, 12), 16)), app, action_id];
}

function outcomeRowOf(row: Row): Value[] {
  const { status, resolved_by: by, sent_at: sent, late_result: late, ms } = row;
  const duration = ['callback', 'poll', 'submit'].includes(by ?? '') ? rounded(ms ?? 0) : 0;
  return [...submissionOf(row), status, by ?? '', Number(sent !== null), Number(late !== null), duration];
}

/** Returns a function that returns null for an execution that says nothing about callbacks. */
function createEndedRows(client: Database) {
  const first = (events: string) =>
    client
      .prepare<[string], string>(
        `SELECT timestamp FROM audit_events WHERE correlation_id = ? AND event IN (${events}) ORDER BY timestamp LIMIT 1`,
      )
      .pluck();
  const callback = first("'CALLBACK_DUPLICATE', 'CALLBACK_CONFLICT', 'CALLBACK_LATE'");
  const poll = first("'POLL_COMPLETED'");
  const hint = client
    .prepare<[string, string], string>(
      `SELECT timestamp FROM audit_events WHERE correlation_id = ? AND event = 'CALLBACK_HINT' AND timestamp <= ?
        ORDER BY timestamp DESC LIMIT 1`,
    )
    .pluck();

  function calledBackAt({ correlation_id: id, resolved_by: by }: Row, end: string): string | undefined {
    return by === 'callback' ? end : (hint.get(id, end) ?? callback.get(id));
  }

  function foundAt({ correlation_id: id, resolved_by: by, status, poll_count: polls }: Row, end: string) {
    if (by === 'poll' && status !== 'NOT_FOUND') return end;
    return polls > 0 ? poll.get(id) : undefined;
  }

  return (row: Row): Value[] | null => {
    const { status, resolved_by: by, sent_at: sent, resolved_at: end, action_id } = row;
    if (end === null || by === null || sent === null || by === 'cancel' || status === 'REJECTED') return null;
    const called = calledBackAt(row, end);
    const found = foundAt(row, end);
    const missed = (by === 'poll' || by === 'deadline') && (called === undefined || called > end);
    const skew = called === undefined || found === undefined ? null : Date.parse(called) - Date.parse(found);
    const channel = by === 'deadline' ? 'timeout' : by;
    const flags = [missed, missed && called !== undefined, skew !== null].map(Number);
    return [hourOf(Date.parse(end)), action_id, channel, ...flags, rounded(skew ?? 0)];
  };
}

function hourOf(time: number): string {
  return `${new Date(time).toISOString().slice(0, 13)}:00:00.000Z`;
}

/** From each of these durations on, rounding is to the step behind it. */
const STEPS = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000].flatMap((decade) => [
  [100 * decade, 5 * decade] as const,
  [200 * decade, 10 * decade] as const,
  [500 * decade, 20 * decade] as const,
]);

function rounded(ms: number): number {
  const step = STEPS.findLast(([from]) => Math.abs(ms) >= from)?.[1] ?? 1;
  return Math.sign(ms) * Math.round(Math.abs(ms) / step) * step;
}
