// Lists on SQLite: along an index made for them, and never through everything at one go.

import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { ListQuery } from '../../../../src/store/port.ts';
import { createExecutionList, listQueries } from '../../../../src/store/sqlite/executions/list.ts';
import { type OpenDatabase, openDatabase } from '../../../../src/store/sqlite/file/open.ts';
import { toRow } from '../../../../src/store/sqlite/rows.ts';
import { prepareStatements } from '../../../../src/store/sqlite/statements.ts';
import { anExecution, NOON } from '../../../support/executions.ts';
import { temporaryFolder } from '../../../support/temporary.ts';

const ANY: ListQuery = { app: null, limit: 50 };
const BOUNDS = { rows: 500, ms: 60_000 };

function opened(): OpenDatabase {
  const database = openDatabase(join(temporaryFolder(), 'receiver.db'));
  onTestFinished(() => database.close());
  return database;
}

/** `count` executions; those that `rare` selects are FAILED. */
function filled(count: number, rare: (index: number) => boolean): OpenDatabase {
  const database = opened();
  const { insertExecution } = prepareStatements(database.orm);
  database.client.transaction(() => {
    for (let i = 0; i < count; i += 1) {
      const execution = anExecution({ correlationId: `order-${i}` }, NOON + i);
      const over = { resolvedAt: NOON + i, expireAt: null, dispatchAt: null };
      insertExecution.run(toRow({ ...execution, ...over, status: rare(i) ? 'FAILED' : 'COMPLETED' }, 'print'));
    }
  })();
  return database;
}

test.for([
  ['everything', {}, 'executions_reference_unique'],
  ['a text', { text: 'x' }, 'executions_reference_unique'],
  ['an ending', { status: 'FAILED', from: NOON, to: NOON }, 'executions_reference_unique'],
  ['an app', { app: 'shop', status: 'FAILED', before: 'f' }, 'executions_by_app'],
  ['an app and a prefix that many have', { app: 'shop', id: 'order' }, 'executions_by_app'],
  ['what is open', { status: 'OPEN' }, 'executions_open'],
  ['what is open of an app', { status: 'OPEN', app: 'shop', before: 'f', text: 'x' }, 'executions_open'],
  ['what is pending', { status: 'PENDING', from: NOON, id: 'order' }, 'executions_open'],
] as const)('a search for %s goes along the index that is made for it and sorts nothing', ([, filter, index]) => {
  const { client, orm } = opened();
  const select = listQueries(orm);
  const query: ListQuery = { ...ANY, ...filter };
  createExecutionList({ client, orm });
  for (const statement of [select.edge(query, 500), select.step(query, 'a', 51)]) {
    const { sql, params } = statement.toSQL();
    const plan = client.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...params) as { detail: string }[];
    expect(plan.map(({ detail }) => detail.replace(' COVERING', ''))).toEqual([
      expect.stringMatching(new RegExp(`^(SEARCH|SCAN) executions USING INDEX ${index}\\b`)),
    ]);
  }
});

test('a correlation id that few begin with is looked up, and nothing else is looked at', () => {
  const { client, orm } = opened();
  const select = listQueries(orm);
  const query: ListQuery = { ...ANY, app: 'shop', status: 'OPEN', before: 'f', from: NOON };
  for (const statement of [select.withPrefix('order-1'), select.byPrefix(query, 'order-1')]) {
    const { sql, params } = statement.toSQL();
    const [first] = client.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...params) as { detail: string }[];
    expect(first?.detail).toMatch(/INDEX sqlite_autoindex_executions_1 \(correlation_id>\? AND correlation_id<\?\)$/);
  }
});

test('a search for what hardly exists gives pages that are short or empty, each with where to go on, and finds it in the end', async () => {
  const list = createExecutionList(
    filled(2_300, (i) => i === 3 || i === 1_999),
    BOUNDS,
  );
  const pages: string[][] = [];
  let before: string | null = null;
  do {
    const page = await list({ ...ANY, status: 'FAILED', ...(before === null ? {} : { before }) });
    pages.push(page.rows.map(({ correlationId }) => correlationId));
    before = page.next;
  } while (before !== null);
  expect(pages).toEqual([['order-1999'], [], [], [], ['order-3']]);
});

test('a page that ends in the middle of a scanned slice leaves nothing out and repeats nothing', async () => {
  const list = createExecutionList(
    filled(1_700, (i) => i % 3 === 0),
    BOUNDS,
  );
  const seen: string[] = [];
  let before: string | null = null;
  do {
    const page = await list({ ...ANY, limit: 7, status: 'FAILED', ...(before === null ? {} : { before }) });
    seen.push(...page.rows.map(({ correlationId }) => correlationId));
    before = page.next;
  } while (before !== null);
  expect(seen).toEqual(Array.from({ length: 567 }, (_, i) => `order-${1_698 - 3 * i}`));
});

test('while somebody searches, others are served', async () => {
  const list = createExecutionList(filled(3_000, () => false));
  const turns: string[] = [];
  const searching = list({ ...ANY, status: 'FAILED' }).then(() => void turns.push('found'));
  setImmediate(() => turns.push('served'));
  await searching;
  expect(turns).toEqual(['served', 'found']);
});

test('a page with large results ends early, and the pages together have everything once', async () => {
  const database = opened();
  const { insertExecution } = prepareStatements(database.orm);
  for (let i = 0; i < 7; i += 1) {
    const execution = { ...anExecution({ correlationId: `order-${i}` }, NOON + i), result: 'x'.repeat(400_000) };
    insertExecution.run(toRow(execution, 'print'));
  }
  const list = createExecutionList(database);
  const pages: string[][] = [];
  let before: string | null = null;
  do {
    const page = await list({ ...ANY, ...(before === null ? {} : { before }) });
    pages.push(page.rows.map(({ correlationId }) => correlationId));
    before = page.next;
  } while (before !== null);
  expect(pages).toEqual([['order-6', 'order-5', 'order-4'], ['order-3', 'order-2', 'order-1'], ['order-0']]);
});

test('a search ends after the step that runs when its reader leaves', async () => {
  const list = createExecutionList(filled(2_300, () => false));
  const { rows, next, search } = await list({ ...ANY, text: 'absent' }, AbortSignal.abort());
  expect({ rows, search }).toEqual({ rows: [], search: { scanned: 500, reachedAt: NOON + 1_800 } });
  const rest = await list({ ...ANY, text: 'absent', before: next ?? '' });
  expect(rest).toEqual({ rows: [], next: null, search: { scanned: 1_800, reachedAt: null } });
});
