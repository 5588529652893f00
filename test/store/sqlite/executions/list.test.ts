// Lists on SQLite: along an index made for them, and never through everything at one go.

import type { Database } from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import type { ListQuery } from '../../../../src/store/port.ts';
import { endsLikeExecutionId, hasIdPrefix } from '../../../../src/store/sqlite/executions/filter.ts';
import {
  createExecutionList,
  LIST,
  listQueries,
  toExecutionPage,
} from '../../../../src/store/sqlite/executions/list.ts';
import { type OpenDatabase, openDatabase } from '../../../../src/store/sqlite/file/open.ts';
import { numbered } from '../../../../src/store/sqlite/queries/reads.ts';
import { prepareStatements } from '../../../../src/store/sqlite/statements.ts';
import { anExecution, NOON } from '../../../support/executions.ts';
import { temporaryDatabase } from '../../../support/temporary-database.ts';

const ANY: ListQuery = { app: null, limit: 50 };
const BOUNDS = { rows: 500, ms: 60_000 };

function planOf(client: Database, { text, values }: ReturnType<typeof LIST.edge>): string[] {
  const plan = client.prepare<[object], { detail: string }>(`EXPLAIN QUERY PLAN ${text}`);
  return plan.all(numbered(values)).map(({ detail }) => detail);
}

function opened(): OpenDatabase {
  const database = openDatabase(temporaryDatabase());
  onTestFinished(() => database.close());
  return database;
}

/** `count` executions; those that `rare` selects are FAILED. */
function filled(count: number, rare: (index: number) => boolean): Database {
  const { client } = opened();
  const sql = prepareStatements(client);
  client.transaction(() => {
    for (let i = 0; i < count; i += 1) {
      const execution = anExecution({ correlationId: `order-${i}` }, NOON + i);
      const over = { resolvedAt: NOON + i, expireAt: null, dispatchAt: null };
      sql.save(sql.insert(execution, 'print'), { ...execution, ...over, status: rare(i) ? 'FAILED' : 'COMPLETED' });
    }
  })();
  return client;
}

test.for([
  ['everything', {}, 'execution_rows_by_reference'],
  ['a text', { text: 'x' }, 'execution_rows_by_reference'],
  ['an ending', { status: 'FAILED', from: NOON, to: NOON }, 'execution_rows_by_reference'],
  ['an app', { app: 'shop', status: 'FAILED', before: 'f' }, 'execution_rows_by_app'],
  ['an app and a prefix that many have', { app: 'shop', id: 'order' }, 'execution_rows_by_app'],
  ['what is open', { status: 'OPEN' }, 'execution_rows_open'],
  ['what is open of an app', { status: 'OPEN', app: 'shop', before: 'f', text: 'x' }, 'execution_rows_open'],
  ['the oldest', { oldestFirst: true, before: 'a' }, 'execution_rows_by_reference'],
  ['the oldest of an app', { app: 'shop', oldestFirst: true, to: NOON }, 'execution_rows_by_app'],
  ['what has been open for longest', { status: 'OPEN', oldestFirst: true, from: NOON }, 'execution_rows_open'],
  [
    'a channel, a duration and an error',
    { resolvedBy: 'poll', minDurationSeconds: 1, error: 'x' },
    'execution_rows_by_reference',
  ],
  ['what is pending', { status: 'PENDING', from: NOON, id: 'order' }, 'execution_rows_open'],
] as const)('a search for %s goes along the index that is made for it and sorts nothing', ([, filter, index]) => {
  const { client } = opened();
  const query: ListQuery = { ...ANY, ...filter };
  createExecutionList(client);
  for (const statement of [LIST.edge(query, 500), LIST.step(query, 'a', 51)]) {
    const [first, ...lookups] = planOf(client, statement);
    expect(first).toMatch(new RegExp(`^(SEARCH|SCAN) execution_rows USING (COVERING )?INDEX ${index}\\b`));
    // Payload and outcome of a row are found by its ids.
    expect(lookups.filter((step) => !/^CORRELATED|USING INTEGER PRIMARY KEY \(rowid=\?\)/.test(step))).toEqual([]);
  }
});

test('a correlation id that few begin with is looked up, and nothing else is looked at', () => {
  const { client } = opened();
  const query: ListQuery = { ...ANY, app: 'shop', status: 'OPEN', before: 'f', from: NOON };
  const ids = hasIdPrefix('order-1');
  for (const statement of [LIST.found(ids), LIST.byIndex(query, ids)]) {
    const [first] = planOf(client, statement);
    expect(first).toMatch(/INDEX execution_rows_by_correlation_id \(correlation_id>\? AND correlation_id<\?\)$/);
  }
});

test('an executionId is looked up by its end, and nothing else is looked at', () => {
  const { client } = opened();
  const ids = endsLikeExecutionId('0192F0C5-0000-7000-8000-0123456789AB');
  for (const statement of [LIST.found(ids), LIST.byIndex({ ...ANY, app: 'shop', from: NOON }, ids)]) {
    const [first] = planOf(client, statement);
    expect(first).toMatch(/^SEARCH execution_rows USING INDEX execution_rows_by_execution_id \(<expr>=\?\)$/);
  }
});

test('a search for what hardly exists gives pages that are short or empty, each with where to go on, and finds it in the end', async () => {
  const { list } = createExecutionList(
    filled(2_300, (i) => i === 3 || i === 1_999),
    BOUNDS,
  );
  const pages: string[][] = [];
  let before: string | null = null;
  do {
    const page = await list({ ...ANY, status: 'FAILED', ...(before === null ? {} : { before }) });
    pages.push(toExecutionPage(page).items.map(({ correlationId }) => correlationId));
    before = page.next;
  } while (before !== null);
  expect(pages).toEqual([['order-1999'], [], [], [], ['order-3']]);
});

test('a page that ends in the middle of a scanned slice leaves nothing out and repeats nothing', async () => {
  const { list } = createExecutionList(
    filled(1_700, (i) => i % 3 === 0),
    BOUNDS,
  );
  const seen: string[] = [];
  let before: string | null = null;
  do {
    const page = await list({ ...ANY, limit: 7, status: 'FAILED', ...(before === null ? {} : { before }) });
    seen.push(...toExecutionPage(page).items.map(({ correlationId }) => correlationId));
    before = page.next;
  } while (before !== null);
  expect(seen).toEqual(Array.from({ length: 567 }, (_, i) => `order-${1_698 - 3 * i}`));
});

test('while somebody searches, others are served', async () => {
  const { list } = createExecutionList(filled(3_000, () => false));
  const turns: string[] = [];
  const searching = list({ ...ANY, status: 'FAILED' }).then(() => void turns.push('found'));
  setImmediate(() => turns.push('served'));
  await searching;
  expect(turns).toEqual(['served', 'found']);
});

test('a page with large results ends early, and the pages together have everything once', async () => {
  const { client } = opened();
  const sql = prepareStatements(client);
  for (let i = 0; i < 7; i += 1) {
    const execution = anExecution({ correlationId: `order-${i}` }, NOON + i);
    sql.save(sql.insert(execution, 'print'), { ...execution, result: 'x'.repeat(400_000) });
  }
  const { list } = createExecutionList(client);
  const pages: string[][] = [];
  let before: string | null = null;
  do {
    const page = await list({ ...ANY, ...(before === null ? {} : { before }) });
    pages.push(toExecutionPage(page).items.map(({ correlationId }) => correlationId));
    before = page.next;
  } while (before !== null);
  expect(pages).toEqual([['order-6', 'order-5', 'order-4'], ['order-3', 'order-2', 'order-1'], ['order-0']]);
});

test('a search ends after the step that runs when its reader leaves', async () => {
  const { list } = createExecutionList(filled(2_300, () => false));
  const { rows, next, search } = await list({ ...ANY, text: 'absent' }, AbortSignal.abort());
  expect({ rows, search }).toEqual({ rows: [], search: { scanned: 500, reachedAt: NOON + 1_800 } });
  const rest = await list({ ...ANY, text: 'absent', before: next ?? '' });
  expect(rest).toEqual({ rows: [], next: null, search: { scanned: 1_800, reachedAt: null } });
});

test('a step reads no row outside of its ends, also where the search has a time', () => {
  const client = filled(2_000, () => false);
  createExecutionList(client);
  for (const oldestFirst of [false, true]) {
    const query: ListQuery = { ...ANY, status: 'FAILED', from: NOON, to: NOON + 5_000, oldestFirst };
    const [edge = ''] = [listQueries(client).edge(query, 10)];
    // One bound for each end of the range.
    expect(LIST.step(query, edge, 51).text.match(/\breference [<>]/g)).toHaveLength(2);
  }
});

test('a page and a count end after their time, before everything is read', async () => {
  const client = filled(2_600, () => false);
  const query: ListQuery = { ...ANY, status: 'FAILED', scanMs: 0 };
  const page = await createExecutionList(client).list(query);
  expect([page.rows, page.next]).toEqual([[], expect.any(String)]);
  expect(await createExecutionList(client).countMatches({ ...ANY, limit: 5_000, scanMs: 0 })).toEqual({
    count: 2_000,
    isWhole: false,
  });
  expect(await createExecutionList(client).countMatches({ ...ANY, limit: 5_000 })).toEqual({
    count: 2_600,
    isWhole: true,
  });
});
