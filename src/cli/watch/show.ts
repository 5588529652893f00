// Shows a reading of `watch` for people: alerts first, then figures with their units.

import { TERMINAL_STATUSES } from '../../execution/execution.ts';
import { formatDuration, grouped, percent } from '../../lib/figures.ts';
import type { CommandContext } from '../context.ts';
import { formatLines, type Line } from '../print.ts';
import { type Column, tableOf } from '../table.ts';
import type { Rates } from './rates.ts';
import type { Snapshot } from './snapshot.ts';

/** More would move the figures off a screen of 24 lines. */
const MAX_ALERTS = 4;
const NOTHING = '-';

export function textOf(snapshot: Snapshot, context: Pick<CommandContext, 'terminal'>): string {
  const { at, alerts, rates } = snapshot;
  const well: Line = { name: 'alerts', level: 'ok', message: 'none' };
  const more = alerts.length - MAX_ALERTS;
  return [
    `${at.slice(0, 10)} ${at.slice(11, 19)} UTC\n\n`,
    formatLines(alerts.length === 0 ? [well] : alerts.slice(0, MAX_ALERTS), context),
    more > 0 ? `${more} more: --json lists all alerts\n` : '',
    '\n',
    tableOf(FACTS, factsOf(snapshot), context, false),
    '\n',
    tableOf(
      [
        NAME,
        ...rates.map((of, index) => ({
          name: `LAST ${of.minutes} MIN`,
          of: (row: Row) => row[index + 1],
          right: true,
        })),
      ] as Column<Row>[],
      rowsOf(rates),
      context,
    ),
  ].join('');
}

type Fact = readonly [name: string, value: string, more: string];

const FACTS: readonly Column<Fact>[] = [
  { name: '', of: ([name]) => name },
  { name: '', of: ([, value]) => value, right: true },
  { name: '', of: ([, , more]) => more },
];

function factsOf({ queue, atCxone, notifications }: Snapshot): Fact[] {
  const oldest = (ms: number | null) => (ms === null ? '' : `, oldest ${formatDuration(ms)}`);
  const { pending, overdueMs, dead } = notifications;
  const due = overdueMs === null ? '' : `, first due ${formatDuration(overdueMs)} ago`;
  return [
    ['Queue', grouped(queue.executions), `of ${grouped(queue.capacity)} executions${oldest(queue.oldestMs)}`],
    [
      'At CXone',
      grouped(atCxone.executions),
      `executions, ${grouped(atCxone.unconfirmed)} not confirmed${oldest(atCxone.oldestMs)}`,
    ],
    ['Notifications', grouped(pending), `to deliver, ${grouped(dead)} given up${due}`],
  ];
}

type Row = readonly [name: string, ...values: string[]];

const NAME: Column<Row> = { name: 'PER MINUTE', of: ([name]) => name };

function rowsOf(rates: Snapshot['rates']): Row[] {
  const row = (name: string, of: (one: Rates) => string | null): Row => [
    name,
    ...rates.map((one) => of(one) ?? NOTHING),
  ];
  const rate = (count: number) => `${grouped(count)}/min`;
  const duration = (ms: number | null) => (ms === null ? null : formatDuration(ms));
  return [
    row('submitted', ({ submitted }) => rate(submitted)),
    row('ended', ({ ended }) => rate(ended)),
    ...TERMINAL_STATUSES.map((status) =>
      row(`  ${status}`, ({ byStatus, ended }) => {
        const share = percent(byStatus[status], ended);
        return share === null ? rate(0) : `${share}  ${rate(byStatus[status])}`;
      }),
    ),
    row('callbacks missed', ({ missedShare }) => (missedShare === null ? null : percent(missedShare, 1))),
    row('time to outcome, P50', ({ totalMs }) => duration(totalMs.p50)),
    row('time to outcome, P95', ({ totalMs }) => duration(totalMs.p95)),
    row('failed requests to CXone', ({ failedRequests }) => rate(failedRequests)),
    row('notifications delivered', ({ notifications }) => rate(notifications.delivered)),
    row('notifications failed', ({ notifications }) => rate(notifications.failed + notifications.dead)),
  ];
}
