// The promises that several receivers keep together, checked on what is left of a history.

import type { Simulator } from '../../../src/simulator/simulator.ts';
import { command } from '../../cli/harness.ts';
import { chainFaults } from '../../support/postgres/chain.ts';
import type { Client } from './client.ts';
import type { Shown } from './clocks.ts';
import { ACTIONS } from './history.ts';
import type { Hook } from './hook.ts';
import type { Held } from './operator.ts';

export interface Remains {
  readonly databaseUrl: string;
  readonly rows: <Row>(text: string) => Promise<Row[]>;
  readonly client: Client;
  readonly simulator: Simulator;
  readonly hook: Hook;
  /** The ids of the events that a follower got. */
  readonly streamed: readonly number[];
  readonly held: readonly Held[];
  /** By the database. */
  readonly shown: Shown;
}

interface StoredRow {
  readonly id: string;
  readonly status: string;
  readonly late: boolean;
}

const STORED = 'SELECT correlation_id AS id, status, late_result IS NOT NULL AS late FROM executions';
const ENDED_TWICE = `SELECT e.correlation_id, count(*)::integer AS ends FROM execution_rows AS e LEFT JOIN audit_rows AS a
  ON a.execution = e.id AND a.ends GROUP BY e.correlation_id HAVING count(a.id) <> 1`;
const TIMES = `SELECT least(min(e.submitted_at), min(e.sent_at), (SELECT min(at) FROM audit_rows)) AS earliest,
  greatest(max(e.resolved_at), (SELECT max(at) FROM audit_rows)) AS latest FROM execution_rows AS e`;
/** A clock of the database is known to the receivers within a few milliseconds. */
const CLOCK_TOLERANCE_MS = 1_000;

/** Returns what breaks each promise, by its name. */
export async function findBroken(remains: Remains): Promise<Readonly<Record<string, readonly unknown[]>>> {
  const { databaseUrl, rows, client, simulator, streamed } = remains;
  const stored = await rows<StoredRow>(STORED);
  const ids = new Set(stored.map(({ id }) => id));
  const acknowledged = client.submitted().flatMap((request) => request.ids ?? []);
  const { faults } = await chainFaults(databaseUrl);
  const verified = await command('audit verify', { DATABASE_URL: databaseUrl });
  const conservation = await rows<{ difference: unknown }>('SELECT difference FROM conservation');
  return {
    'acknowledged and not stored': acknowledged.filter((id) => !ids.has(id)),
    'stored and not submitted': [...ids].filter((id) => !acknowledged.includes(id)),
    'sent twice': [...ids].filter((id) => (simulator.execution(id)?.posts.length ?? 0) > 1),
    'not ended exactly once': await rows(ENDED_TWICE),
    'entries whose hash or id is wrong': faults,
    'streams with a gap or a repeat': streamed.filter((id, n) => id !== n + 1),
    'accepted differs from terminal and open': conservation.filter(({ difference }) => Number(difference) !== 0),
    'audit verify': verified.code === 0 ? [] : [verified.out],
    'contradicting answers': client.contradictions(),
    'callbacks answered otherwise than stored': stored.filter((row) => isOtherAnswer(row, simulator)),
    'notified otherwise than stored': stored.flatMap((row) => otherNotifications(row, remains.hook)),
    'sent during a pause': sentDuringPause(remains),
    'times of another clock than that of the database': await foreignTimes(remains),
  };
}

/** What the answer to a callback states to have become of its result is stored. */
function isOtherAnswer({ id, status, late }: StoredRow, simulator: Simulator): boolean {
  const answers = simulator.execution(id)?.callbacks.map(({ answer }) => answer) ?? [];
  return (answers.includes('200 resolved') && status !== 'COMPLETED') || (answers.includes('200 late') && !late);
}

/** Each outcome and each late result is accepted at least once, for the first time in this order, and states what is stored. */
function otherNotifications({ id, status, late }: StoredRow, { accepted }: Hook): string[] {
  const calls = accepted.filter(({ correlationId }) => correlationId === id);
  const expected = [`execution.${status.toLowerCase()}`, ...(late ? ['execution.late_result'] : [])];
  const types = [...new Set(calls.map(({ type }) => type))];
  const isTrue = calls.every((call) => call.status === status);
  return isTrue && types.join() === expected.join() ? [] : [`${id} ${status}: ${JSON.stringify(calls)}`];
}

/** What was submitted after the answer to a pause was not sent before the pause ended. */
function sentDuringPause({ client, simulator, held }: Remains): string[] {
  return client.submitted().flatMap(({ orders, ids, begunAt }) =>
    (ids ?? []).filter((id, n) => {
      const [sentAt] = (simulator.execution(id)?.posts ?? []).map(({ at }) => Date.parse(at));
      if (orders[n]?.actionId !== ACTIONS[0] || sentAt === undefined) return false;
      return held.some(({ from, to }) => begunAt > from && begunAt < to && sentAt < to);
    }),
  );
}

async function foreignTimes({ rows, shown }: Remains): Promise<string[]> {
  const [found] = await rows<{ earliest: string; latest: string }>(TIMES);
  const { earliest = 0, latest = 0 } = found ?? {};
  const isWithin =
    Number(earliest) >= shown.earliest - CLOCK_TOLERANCE_MS && Number(latest) <= shown.latest + CLOCK_TOLERANCE_MS;
  return isWithin ? [] : [`${earliest} to ${latest}, not ${shown.earliest} to ${shown.latest}`];
}
