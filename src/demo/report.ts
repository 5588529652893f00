// Final report of the demo: outcomes by fate, latencies, requests to CXone, and where to look next.

import { many } from '../lib/figures.ts';
import type { CaseRecord } from '../simulator/ledger.ts';
import { quantile } from '../stats/statistics.ts';
import type { DemoCase } from './cases.ts';
import type { Inbox } from './inbox.ts';
import type { Observed } from './judge.ts';

export interface Result extends Observed {
  readonly demo: DemoCase;
  readonly differences: readonly string[];
}

export interface Summary {
  readonly results: readonly Result[];
  readonly auditCount: number;
  /** The path of a file, or the name of the server. */
  readonly database: string;
  /** Milliseconds that the demo took. */
  readonly took: number;
  /** Notifications that the app rejected. */
  readonly turnedAway: Inbox['turnedAway'];
  readonly killed: readonly Killed[];
}

/** What was killed midway, and how long no request was answered. */
export interface Killed {
  readonly what: 'receiver' | 'database';
  readonly awayMs: number;
}

/** Poll interval of a client without callbacks, from acceptance to the outcome. */
const NAIVE_POLL_MS = 2000;

export function report({ results, auditCount, database, took, turnedAway, killed }: Summary): string {
  const wrong = results.filter(({ differences }) => differences.length > 0);
  return [
    outcomes(results),
    '',
    latencies(results),
    '',
    upstream(results),
    notifications(results, turnedAway),
    '',
    `${many(results.length, 'execution')} in ${(took / 1000).toFixed(1)} s left ${many(auditCount, 'audit entry')} in ${database}.${killed.length === 0 ? ' Try:' : ''}`,
    '',
    ...(killed.length === 0 ? queries(database) : killed.map(killedLine)),
    '',
    ...wrong.flatMap(({ demo, differences }) => [
      `✗ ${demo.correlationId}`,
      ...differences.map((text) => `    ${text}`),
    ]),
    wrong.length === 0
      ? `All ${results.length} executions ended as expected.`
      : `${wrong.length} of ${many(results.length, 'execution')} did not end as expected.`,
    '',
  ].join('\n');
}

function queries(file: string): string[] {
  return [
    `  sqlite3 ${file} "SELECT * FROM action_latency"`,
    `  sqlite3 ${file} "SELECT timestamp, event, http_status, detail FROM audit_events WHERE correlation_id = 'demo-garbled-callback-1'"`,
  ];
}

function killedLine({ what, awayMs }: Killed): string {
  const name = what === 'receiver' ? 'The receiver that sends to CXone' : 'The database';
  return `${name} was killed midway; requests were answered again after ${(awayMs / 1000).toFixed(1)} s.`;
}

function outcomes(results: readonly Result[]): string {
  const rows = [['', 'fate', 'n', 'expected', 'got', 'resolved by', 'lag', 'notified']];
  for (const group of Map.groupBy(results, ({ demo }) => demo.name).values()) {
    const [{ demo }] = group as [Result];
    const lags = group.map(detectionLag).filter((lag) => lag !== null);
    rows.push([
      group.every(({ differences }) => differences.length === 0) ? '✓' : '✗',
      demo.name,
      String(group.length),
      demo.expect.status,
      distinct(group.map(({ execution }) => execution.status)),
      distinct(group.map(({ execution }) => execution.resolvedBy ?? '–')),
      lags.length === 0 ? '–' : `${percentile(lags, 50)} ms`,
      distinct(group.map(({ notified }) => notified.map((type) => type.replace('execution.', '')).join(' + ') || '–')),
    ]);
  }
  return table(rows);
}

function latencies(results: readonly Result[]): string {
  const totals = results.map(({ execution }) => execution.totalLatencyMs ?? 0);
  const submits = results.map(({ execution }) => execution.latencyMs).filter((ms) => ms !== null);
  const lagOf = (by: string) =>
    results
      .filter(({ execution }) => execution.resolvedBy === by)
      .map(detectionLag)
      .filter((lag) => lag !== null);
  const row = (name: string, values: readonly number[]) => [
    name,
    `${percentile(values, 50)} ms`,
    `${percentile(values, 95)} ms`,
  ];
  return table([
    ['latency', 'p50', 'p95'],
    row('submission to outcome', totals),
    row("CXone's response to a submission", submits),
    row('completion to outcome, by callback', lagOf('callback')),
    row('completion to outcome, by poll', lagOf('poll')),
  ]);
}

function upstream(results: readonly Result[]): string {
  const records = results.flatMap(({ record, execution }) => (record ? [{ record, execution }] : []));
  const calls = records.reduce((sum, { record }) => sum + record.posts.length + record.polls.length, 0);
  const naive = records.reduce(
    (sum, { record, execution }) => sum + record.posts.length + naivePolls(record, execution),
    0,
  );
  const each = (count: number) => (count / results.length).toFixed(2);
  return `CXone was called ${each(calls)} times per execution; polling every 2 s would have called it ${each(naive)} times.`;
}

function notifications(results: readonly Result[], { onPurpose, notGenuine }: Summary['turnedAway']): string {
  const count = results.reduce((sum, { notified }) => sum + notified.length, 0);
  const unsigned = notGenuine === 0 ? 'all correctly signed' : `and rejected ${notGenuine} with a wrong signature`;
  return `The app received ${many(count, 'notification')}, ${unsigned}; it rejected ${onPurpose} on purpose, which the receiver sent again.`;
}

function naivePolls(record: CaseRecord, execution: Observed['execution']): number {
  if (record.runs === 0) return 0;
  const end = record.endsAt ?? execution.resolvedAt;
  const [first] = record.posts;
  if (!first || !end) return 0;
  return Math.max(1, Math.ceil((Date.parse(end) - Date.parse(first.at)) / NAIVE_POLL_MS));
}

/** Returns the time from the end at CXone to the outcome here, in milliseconds; null unless a callback or a poll reported it. */
function detectionLag({ record, execution }: Observed): number | null {
  const found = ['callback', 'poll'].includes(execution.resolvedBy ?? '') && execution.status !== 'NOT_FOUND';
  if (!found || !record?.endsAt || !execution.resolvedAt) return null;
  return Math.max(0, Date.parse(execution.resolvedAt) - Date.parse(record.endsAt));
}

/** The percentile by nearest rank; 0 without values. */
function percentile(values: readonly number[], percent: number): number {
  return (
    quantile(
      values.toSorted((a, b) => a - b),
      percent / 100,
    ) ?? 0
  );
}

function distinct(values: readonly string[]): string {
  return [...new Set(values)].join(', ');
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const rule = widths.map((width) => '─'.repeat(width)).join('  ');
  return [lines[0], rule, ...lines.slice(1)].join('\n');
}

export interface Served {
  readonly receiverUrl: string;
  readonly simulatorUrl: string;
  readonly keys: { readonly app: string; readonly operator: string };
}

/** The addresses come last, because the end of the output is what a terminal shows. */
export function invitation({ receiverUrl, simulatorUrl, keys }: Served): string {
  return `
Both keep running until Ctrl-C. Submit an execution whose callback is lost, and wait for its result:

  curl -H 'Authorization: Bearer ${keys.app}' -H 'Content-Type: application/json' -H 'Prefer: wait=30' \\
    -d '{"actionId":"look-up","graceSeconds":2,"inputs":{"simulate":"lost-callback"}}' ${receiverUrl}/v1/executions

List the executions as an operator:

  curl -u operator:${keys.operator} ${receiverUrl}/v1/executions

For the examples in examples/, notifications included:

  export RECEIVER_URL=${receiverUrl} RECEIVER_KEY=${keys.app}

The operator key for the pages: ${keys.operator}

${addresses({ receiverUrl, simulatorUrl })}`;
}

/** Also follows whatever is printed later. */
export function addresses({ receiverUrl, simulatorUrl }: Omit<Served, 'keys'>): string {
  return `Open in a browser:

  ${receiverUrl}/console/login   the operators' page: log in with the operator key
  ${receiverUrl}/docs            the API
  ${simulatorUrl}/simulator       the control endpoints of the simulator
`;
}
