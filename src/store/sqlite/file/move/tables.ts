// In what the tables of a file differ from those of moved rows: their names, and times that are ISO 8601 text.

const NAMES: Readonly<Record<string, string>> = {
  notification_rows: 'notifications',
  operator_activity_rows: 'operator_activity',
  unknown_status_word_rows: 'unknown_status_words',
};

const TIMES: Readonly<Record<string, readonly string[]>> = {
  callback_bodies: ['pruned_at'],
  audit_repeats: ['since', 'until'],
  notification_rows: ['created_at', 'due_at', 'give_up_at', 'last_attempt_at', 'delivered_at'],
  operator_activity_rows: ['started_at', 'ended_at'],
  unknown_status_word_rows: ['first_at', 'last_at'],
  heartbeat: ['at'],
};

export function nameInFile(table: string): string {
  return NAMES[table] ?? table;
}

type Row = Readonly<Record<string, unknown>>;

/** Returns a row with its times in the other form. */
export function withTimes<T>(table: string, row: Row, convert: (time: T | null) => unknown): Row {
  const times = TIMES[table]?.map((column) => [column, convert(row[column] as T | null)]);
  return times === undefined ? row : { ...row, ...Object.fromEntries(times) };
}
