// The work of each page, counted instead of timed: no statement of a page reads a whole table of executions, entries or
// notifications, and the number of statements is bounded.

import Database from 'better-sqlite3';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createCallbackHealthMonitor } from '../../../src/stats/callback-health/monitor.ts';
import { createDashboard } from '../../../src/stats/dashboard/dashboard.ts';
import { followTrail } from '../../../src/stats/trail-follower.ts';
import { createSqliteStore } from '../../../src/store/sqlite/store.ts';
import { type Life, live } from '../../support/lives.ts';
import { createManualWorld, START } from '../../support/manual-world.ts';
import { quietLog } from '../../support/quiet-log.ts';
import { temporaryDatabase } from '../../support/temporary-database.ts';
import { startHttp } from '../harness.ts';
import { visitor } from './visitor.ts';

const HOUR = 3_600_000;

const PAGES = [
  '/',
  '/?range=day',
  '/console/incidents',
  '/console/actions',
  '/console/actions/charge',
  '/console/executions',
  '/console/executions?status=OPEN',
  '/console/executions?status=TIMEOUT&last=24h',
  '/console/executions?resolvedBy=poll&sort=oldest',
  '/console/executions/one',
  '/console/notifications',
  '/console/notifications?status=DEAD',
  '/console/callbacks',
  '/console/activity',
  '/console/endpoints',
  '/console/pauses',
];

/** Statements of one page, and of its list, whose rows are read one by one. */
const MAX_STATEMENTS = 50;
const MAX_ROWS = 51;

/** Tables that grow with the executions. */
const LARGE = /^(?:execution_rows|audit_rows|notifications|outcome_rows|payload_rows)$/;

/** Statements that a connection runs. Tests replace nothing of them. */
function recordStatements() {
  const ran: string[] = [];
  const prepare = Database.prototype.prepare;
  const spy = vi.spyOn(Database.prototype, 'prepare').mockImplementation(function (this: Database.Database, sql) {
    const statement = prepare.call(this, sql);
    for (const method of ['get', 'all', 'run', 'iterate'] as const) {
      const original = statement[method].bind(statement) as (...parameters: unknown[]) => never;
      Object.defineProperty(statement, method, {
        value: (...parameters: unknown[]) => {
          ran.push(sql);
          return original(...parameters);
        },
      });
    }
    return statement;
  });
  onTestFinished(() => spy.mockRestore());
  return ran;
}

async function scene(executions: number) {
  const ran = recordStatements();
  const world = createManualWorld(1, START);
  const log = quietLog();
  const path = temporaryDatabase();
  const store = createSqliteStore({ path, world, log, fatal: (error) => expect.fail(String(error)) });
  const lives: readonly Life[] = ['callback', 'poll', 'timeout', 'late', 'queued', 'pending'];
  const add = (_: unknown, i: number) => {
    const options = { actionId: i % 2 === 0 ? 'charge' : 'refund', ...(i === 0 ? { correlationId: 'one' } : {}) };
    return live(store, lives[i % lives.length] ?? 'callback', START - HOUR + i * 10, options);
  };
  await Promise.all(Array.from({ length: executions }, add));
  const trail = await followTrail(store, START);
  const round = { signal: new AbortController().signal, spawn: () => {} };
  for (let i = 0; i < 100 && !trail.complete(); i += 1) await trail.work(round);
  const { health } = createCallbackHealthMonitor({ store, world, log });
  const http = await startHttp({
    store,
    runtime: { world, log },
    pages: { health, dashboard: createDashboard(trail, world.now), unknownWords: store.unknownWords },
  });
  onTestFinished(async () => {
    await http[Symbol.asyncDispose]();
    await store.close();
  });
  /** Returns the statements that a second look at the page runs. */
  const statementsOf = async (page: string) => {
    await visitor(http).get(page);
    ran.length = 0;
    const { status } = await visitor(http).get(page);
    expect(status, page).toBe(200);
    return [...ran];
  };
  return { path, statementsOf };
}

/** The tables that a statement reads from one end to the other, unless it stops at its first rows. */
function wholeTables(client: Database.Database, sql: string): string[] {
  const plan = client.prepare<[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`);
  const names = plan.source.match(/[@:$]\w+/g) ?? [];
  const bound = names.length > 0 ? [Object.fromEntries(names.map((name) => [name.slice(1), null]))] : [];
  const placeholders = names.length > 0 ? [] : (sql.match(/\?/g) ?? []).map(() => null);
  const details = plan.all(...([...bound, ...placeholders] as [])).map(({ detail }) => detail);
  return details.flatMap((detail) => {
    const [, table = ''] = /^SCAN (\w+)/.exec(detail) ?? [];
    const isShort = / LIMIT /i.test(sql) && !details.some((one) => one.includes('TEMP B-TREE FOR ORDER BY'));
    return LARGE.test(table) && !isShort && !/USING (?:COVERING )?INDEX/.test(detail) ? [`${table}: ${sql}`] : [];
  });
}

test('no page reads a whole table', async () => {
  const { path, statementsOf } = await scene(60);
  const client = new Database(path, { readonly: true });
  let seen = 0;
  for (const page of PAGES) {
    const reads = (await statementsOf(page)).filter((sql) => /^\s*(?:SELECT|WITH)/i.test(sql));
    seen += reads.length;
    for (const sql of new Set(reads)) expect(wholeTables(client, sql), page).toEqual([]);
  }
  expect(seen).toBeGreaterThan(PAGES.length);
  client.close();
});

test.for([60, 600])('a page runs a bounded number of statements with %i executions', async (executions) => {
  const { statementsOf } = await scene(executions);
  for (const page of PAGES)
    expect((await statementsOf(page)).length, page).toBeLessThanOrEqual(MAX_STATEMENTS + MAX_ROWS);
});
