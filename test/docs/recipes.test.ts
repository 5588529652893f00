// The SQL recipes of docs/sql.md, each run on a database with known executions and compared with its expected rows.

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { type CustomTypesConfig, types } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AUDIT_EVENTS } from '../../src/execution/event.ts';
import type { Store } from '../../src/store/port.ts';
import { openPostgresStore } from '../../src/store/postgres/store.ts';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { command } from '../cli/harness.ts';
import { callback, completed, failed, notFound, polled } from '../support/executions.ts';
import { fatal } from '../support/fatal.ts';
import { live } from '../support/lives.ts';
import { createManualWorld, START } from '../support/manual-world.ts';
import { newDatabase, serverUrl, withClient } from '../support/postgres/databases.ts';
import { quietLog } from '../support/quiet-log.ts';
import { keptFolder } from '../support/temporary.ts';
import { forPostgres, PAGE, RECIPES, RUNBOOK_QUERIES } from './recipe-texts.ts';

/** The statements that make roles on PostgreSQL. */
const ROLES = new Map(
  [...PAGE.matchAll(/<!-- postgres: ([a-z]+) -->\n+```sql\n(.*?)```/gs)].map(([, name = '', text = '']) => [
    name,
    text,
  ]),
);

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const WHO = { reconciliation: '019c1405-7a00-7000-8000-000000000001', by: 'operator:alice' };

let sql: Database.Database;

const path = join(keptFolder(), 'receiver.db');

beforeAll(async () => {
  const store = createSqliteStore({ path, world: createManualWorld(), log: quietLog(), fatal });
  await happen(store);
  await store.close();
  sql = new Database(path, { readonly: true });
});

afterAll(() => sql.close());

async function happen(store: Store): Promise<void> {
  await live(store, 'callback', START, { correlationId: 'order-4711', actionId: 'charge' });
  for (const life of ['poll', 'called-back-later', 'polled-too', 'timeout', 'nameless'] as const) {
    await live(store, life, START + MINUTE, { correlationId: `charge-${life}`, actionId: 'charge' });
  }
  for (const life of ['late', 'not-found', 'cancelled', 'refused', 'pending'] as const) {
    await live(store, life, START + HOUR, { correlationId: `mail-${life}`, actionId: 'mail', app: 'crm' });
  }
  for (const [n, priority] of [4, 4, 9].entries()) {
    // PostgreSQL reads the clock for the age of each row.
    await live(store, 'queued', START + 2 * HOUR + n * MINUTE, {
      ...{ correlationId: `queued-${n}`, actionId: 'mail', app: 'crm', priority },
    });
  }
  const declined = await live(store, 'pending', START + 2 * HOUR, { correlationId: 'declined', actionId: 'charge' });
  const at = START + 2 * HOUR + MINUTE;
  const unreadable = { type: 'callback-unreadable', reason: 'no status in it' } as const;
  const body = { bytes: new TextEncoder().encode('<done/>'), contentType: 'text/xml' };
  await store.record(declined.reference, { ...unreadable, body }, at);
  await store.record(declined.reference, { type: 'poll-requested', by: 'operator:alice' }, at + 1);
  await store.record(declined.reference, polled(failed({ code: 'card_declined', message: 'declined' })), at + 2);
  await store.record(declined.reference, callback(completed()), at + 3);
  await store.record(declined.reference, { type: 'cancelled', by: 'operator:bob' }, at + 4);
  const notified = await live(store, 'timeout', START + 3 * HOUR, {
    ...{ correlationId: 'notified', actionId: 'charge', notifyUrl: 'https://hooks.example/' },
  });
  await store.record(notified.reference, { ...polled(completed()), origin: WHO }, START + 4 * HOUR);
  await store.record(
    (await store.find('charge-timeout'))?.reference ?? '',
    notFound({ message: 'gone', origin: WHO }),
    START + 4 * HOUR,
  );
  for (const { id } of (await store.listNotifications({ app: null, limit: 10 })).items) {
    const gone = { type: 'gone', httpStatus: 410, latencyMs: 5, message: 'answered 410' } as const;
    await store.recordDelivery(id, gone, START + 4 * HOUR);
  }
}

const some = expect.any(Number);
const SEALED = expect.stringMatching(/^{"word":"COMPLETED","status":"COMPLETED","outcomeSha256":"[0-9a-f]{64}"}$/);

/** Each row as its values, in the order of the columns. */
const ANSWERS: Readonly<Record<string, unknown[][]>> = {
  open: [
    ['mail-pending', 'mail', 'PENDING', some, 'poll CXone', '2026-01-01T01:00:10.010Z'],
    ['queued-0', 'mail', 'QUEUED', some, 'send to CXone', '2026-01-01T02:00:00.000Z'],
    ['queued-1', 'mail', 'QUEUED', some, 'send to CXone', '2026-01-01T02:01:00.000Z'],
    ['queued-2', 'mail', 'QUEUED', some, 'send to CXone', '2026-01-01T02:02:00.000Z'],
  ],
  story: [
    [
      ...['2026-01-01T00:00:00.000Z', 0, 'ACCEPTED', 'stored, and the app was answered', 'receiver', null, null],
      '{"timeoutSeconds":30,"graceSeconds":10,"retryUncertain":false}',
    ],
    [
      ...['2026-01-01T00:00:00.010Z', 0.01, 'DISPATCHED', 'handed to the network', 'receiver', null, null],
      '{"attempt":1}',
    ],
    ['2026-01-01T00:00:00.035Z', 0.035, 'SUBMITTED', 'CXone took it', 'receiver', 202, 25, '{"word":"PENDING"}'],
    [
      ...['2026-01-01T00:00:02.010Z', 2.01, 'CALLBACK_COMPLETED', 'the callback brought the outcome'],
      ...['receiver', null, null, SEALED],
    ],
  ],
  // by_callback, by_poll, timed_out, late, missed_callback_share
  'callback health': [
    ['charge', '2026-01-01T03:00:00.000Z', 0, 0, 1, 1, 1],
    ['charge', '2026-01-01T02:00:00.000Z', 0, 1, 0, 0, 1],
    ['mail', '2026-01-01T01:00:00.000Z', 0, 1, 1, 1, 1],
    ['charge', '2026-01-01T00:00:00.000Z', 2, 2, 2, 0, 0.6667],
  ],
  skew: [
    ['charge', 'callback', 1, -0.3, -0.3],
    ['charge', 'poll', 2, 0.001, 2],
  ],
  latency: [
    ['charge', 'poll', 3, 10_510, 60_002, 60_002],
    ['charge', 'deadline', 3, 40_010, 40_010, 40_010],
    ['mail', 'deadline', 1, 40_010, 40_010, 40_010],
    ['charge', 'callback', 2, 2_010, 10_510, 10_510],
    ['mail', 'poll', 1, 10_510, 10_510, 10_510],
    ['mail', 'cancel', 1, 5_010, 5_010, 5_010],
    ['mail', 'submit', 1, 35, 35, 35],
  ],
  // submitted, completed, failed, timed_out, open
  hourly: [
    ['2026-01-01T03:00:00.000Z', 1, 0, 0, 1, 0],
    ['2026-01-01T02:00:00.000Z', 4, 0, 1, 0, 3],
    ['2026-01-01T01:00:00.000Z', 5, 0, 0, 1, 1],
    ['2026-01-01T00:00:00.000Z', 6, 4, 0, 2, 0],
  ],
  failures: [
    ['charge', 'FAILED', 'card_declined', 'declined', 1],
    ['mail', 'REJECTED', 400, 'unknown action', 1],
  ],
  late: [
    ['notified', 'TIMEOUT', 'COMPLETED', 'poll'],
    ['mail-late', 'TIMEOUT', 'COMPLETED', 'callback'],
  ],
  conflicts: [['declined', '2026-01-01T02:01:00.003Z', 'CALLBACK_CONFLICT', 'COMPLETED']],
  doubtful: [
    ['mail', 'CANCELLED', 1, 1, '2026-01-01T01:00:00.010Z'],
    ['mail', 'NOT_FOUND', 1, 1, '2026-01-01T01:00:00.010Z'],
    ['charge', 'TIMEOUT', 0, 1, '2026-01-01T00:01:00.010Z'],
    ['charge', 'TIMEOUT', 1, 1, '2026-01-01T00:01:00.010Z'],
  ],
  reconciled: [
    [WHO.reconciliation, 'POLL_404', null, 1],
    [WHO.reconciliation, 'POLL_COMPLETED', 'late', 1],
  ],
  operators: [
    ['2026-01-01T04:00:00.000Z', 'operator:alice', 'POLL_404', 'charge-timeout'],
    ['2026-01-01T04:00:00.000Z', 'operator:alice', 'POLL_COMPLETED', 'notified'],
    ['2026-01-01T02:01:00.004Z', 'operator:bob', 'CANCEL_IGNORED', 'declined'],
    ['2026-01-01T02:01:00.001Z', 'operator:alice', 'POLL_REQUESTED', 'declined'],
  ],
  unreadable: [['declined', '2026-01-01T02:01:00.000Z', 'text/xml', '<done/>']],
  'dead letters': [['shop', 'answered 410', 2, '2026-01-01T03:00:40.010Z']],
  queue: [
    ['crm', 4, 2, '2026-01-01T02:00:00.000Z', '2026-01-01T02:00:00.000Z'],
    ['crm', 9, 1, '2026-01-01T02:02:00.000Z', '2026-01-01T02:02:00.000Z'],
  ],
  // accepted, terminal, open, difference
  conservation: [[16, 12, 4, 0]],
};

describe('the recipes', () => {
  test('each block of SQL is a recipe with expected rows here, and each expectation has its recipe', () => {
    expect(PAGE.match(/```sql\n/g)).toHaveLength(RECIPES.size + ROLES.size);
    expect([...RECIPES.keys()].sort()).toEqual(Object.keys(ANSWERS).sort());
  });

  test.for(Object.keys(ANSWERS))('%s', (name) => {
    expect(
      sql
        .prepare(RECIPES.get(name) ?? 'SELECT 1')
        .raw()
        .all(),
    ).toEqual(ANSWERS[name]);
  });
});

test.for(RUNBOOK_QUERIES)('the runbook: %s', (query) => {
  expect(() => sql.prepare(query).all()).not.toThrow();
});

test('the runbook has queries', () => {
  expect(RUNBOOK_QUERIES.length).toBeGreaterThanOrEqual(10);
});

test('the story has words for every event', () => {
  const view = sql.prepare("SELECT sql FROM sqlite_schema WHERE name = 'execution_story'").pluck().get();
  for (const event of AUDIT_EVENTS) expect(view).toContain(`'${event}'`);
});

describe.skipIf(serverUrl === null)('on PostgreSQL', () => {
  /** The database, as its owner, as the role for operators, and as the role for commands. */
  const urls = { owner: '', role: '', commands: '' };

  beforeAll(async () => {
    urls.owner = await newDatabase();
    const world = createManualWorld();
    const store = await openPostgresStore({ url: urls.owner, world, log: quietLog() });
    await happen(store);
    await store.close();
    urls.role = await makeRole('role', 'receiver_reader');
    urls.commands = await makeRole('commands', 'receiver_commands');
  });

  async function makeRole(block: string, documented: string): Promise<string> {
    const name = `reader_${randomBytes(6).toString('hex')}`;
    const statements = (ROLES.get(block) ?? '').replaceAll(documented, name);
    await withClient(urls.owner, (client) => client.query(`${statements} ALTER ROLE ${name} PASSWORD 'a-password'`));
    const url = new URL(urls.owner);
    Object.assign(url, { username: name, password: 'a-password' });
    return url.href;
  }

  const query = (url: string, text: string) =>
    withClient(url, async (client) => (await client.query({ text, rowMode: 'array', types: NUMBERS })).rows as unknown);

  /** A member of a JSON text is text. */
  const WITH_TEXTS = ANSWERS['failures']?.map((row) => row.map((value) => (value === 400 ? '400' : value)));

  test.for(Object.keys(ANSWERS))('%s, with the replacements that the page states', async (name) => {
    const recipe = forPostgres(RECIPES.get(name) ?? '');
    expect(await query(urls.role, recipe)).toEqual(name === 'failures' ? WITH_TEXTS : ANSWERS[name]);
  });

  test.for(RUNBOOK_QUERIES.filter((query) => !query.includes('dbstat')))('the runbook: %s', async (text) => {
    await expect(query(urls.role, forPostgres(text))).resolves.toBeInstanceOf(Array);
  });

  test.for([
    ...['execution_rows', 'audit_rows', 'payload_rows', 'receivers', 'receipts', 'pg_authid', 'schema_migrations'],
  ])('the role for operators cannot read %s', async (table) => {
    await expect(query(urls.role, `SELECT * FROM ${table}`)).rejects.toThrow(/permission denied/);
  });

  test.for(['role', 'commands'] as const)('a role that reads cannot write: %s', async (name) => {
    const writable = 'BEGIN READ WRITE;';
    for (const statement of [
      "UPDATE incidents SET problem = 'x'",
      'DELETE FROM callback_bodies',
      'CREATE TABLE public.own (id integer)',
    ]) {
      await expect(query(urls[name], `${writable} ${statement}`)).rejects.toThrow(/permission denied/);
    }
  });

  test('commands run with the role for commands, and say what the other role lacks', async () => {
    for (const line of ['audit verify', 'executions list', 'notifications list', 'stats', 'health', 'watch --once']) {
      const { err } = await command(line, { DATABASE_URL: urls.commands });
      expect(err).not.toContain('PostgreSQL:');
    }
    const { out } = await command('executions list --status PENDING', { DATABASE_URL: urls.commands });
    expect(out).toContain('mail-pending');
    const { code, err } = await command('stats', { DATABASE_URL: urls.role });
    expect([code, err]).toEqual([2, expect.stringContaining('grant SELECT on all tables in its schema to the user')]);
  });
});

const [INT8, NUMERIC] = [20, 1700];
const NUMBERS: CustomTypesConfig = {
  getTypeParser: ((oid: number) =>
    oid === INT8 || oid === NUMERIC ? Number : types.getTypeParser(oid)) as CustomTypesConfig['getTypeParser'],
};
