// What lists and searches read of large results: one page's worth, not those of all executions that a page may have.

import { afterEach, describe, expect, test } from 'vitest';
import { LargeJson } from '../../../src/execution/json.ts';
import { addressesIn } from '../../../src/lib/database-url.ts';
import { systemWorld } from '../../../src/lib/world.ts';
import type { ListQuery } from '../../../src/store/port.ts';
import { createReads } from '../../../src/store/postgres/connection/reads.ts';
import { createExecutionList } from '../../../src/store/postgres/queries/list.ts';
import { openPostgresStore } from '../../../src/store/postgres/store.ts';
import { readsThrough } from '../../../src/store/shared/reads.ts';
import { anExecution, callback, completed, NOON } from '../../support/executions.ts';
import { createReusedDatabase, serverUrl } from '../../support/postgres/databases.ts';
import { quietLog } from '../../support/quiet-log.ts';

const database = createReusedDatabase();
const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** Returns a list of executions with these results, by their number, and what its statements read. */
async function listOf(results: readonly string[]) {
  const url = await database();
  const store = await openPostgresStore({ url, world: systemWorld, log: quietLog() });
  closing.push(() => store.close());
  for (const [n, result] of results.entries()) {
    const execution = anExecution({ correlationId: `n${n}` }, NOON + n);
    await store.add({ execution, fingerprint: 'print', queueCapacity: 100 });
    await store.record(execution.reference, callback(completed(LargeJson.from(JSON.stringify(result)))), NOON + n);
  }
  const reads = createReads({
    addresses: addressesIn(url),
    log: quietLog(),
    applicationName: 'test',
    world: systemWorld,
  });
  closing.push(async () => reads.close());
  /** Characters of results that each statement read, if it read any. */
  const charsRead: number[] = [];
  const counted = readsThrough(async (...statement) => {
    const rows = await reads.all<{ result?: string | null }>(...statement);
    const chars = rows.reduce((sum, { result }) => sum + (result?.length ?? 0), 0);
    if (chars > 0) charsRead.push(chars);
    return rows;
  });
  const { list, countMatches } = createExecutionList(counted);
  const pages = async (query: Partial<ListQuery>) => {
    const found: string[] = [];
    let before: string | null = null;
    do {
      const at = before === null ? {} : { before };
      const page = await list({ app: null, limit: 200, ...query, ...at });
      found.push(page.items.map(({ correlationId }) => correlationId).join(' '));
      before = page.next;
    } while (before !== null);
    return found;
  };
  return { pages, countMatches, charsRead };
}

describe.skipIf(serverUrl === null)('large results on PostgreSQL', () => {
  test.for([
    { title: 'of one byte for each character', letter: 'x', each: 600_000 },
    { title: 'of three bytes for each character', letter: '漢', each: 200_000 },
  ])('no page reads more results than one that exceeds a megabyte, $title', async ({ letter, each }) => {
    const { pages, charsRead } = await listOf(Array.from({ length: 5 }, () => letter.repeat(each)));
    const correlationIds = ['n0', 'n1', 'n2', 'n3', 'n4'];
    for (const query of [{}, { correlationIds }]) expect(await pages(query)).toEqual(['n4 n3', 'n2 n1', 'n0']);
    expect(await pages({ oldestFirst: true })).toEqual(['n0 n1', 'n2 n3', 'n4']);
    expect(Math.max(...charsRead)).toBe(2 * (each + 2));
  });

  test('a result that fills a page alone is followed by the others', async () => {
    const { pages, charsRead } = await listOf(['a', 'b'.repeat(2_000_000), 'c'.repeat(2_000_000), 'd']);
    expect(await pages({})).toEqual(['n3 n2', 'n1', 'n0']);
    expect(Math.max(...charsRead)).toBeLessThan(2_000_100);
  });

  test('a search over more text than is read at once finds and counts everything once', async () => {
    // Letters beyond ASCII match any in the statement, and only some in the test of the rows that it reads.
    const few = ['É', 'è', 'é', 'è', 'è', 'è', 'è', 'é'];
    const { pages, countMatches, charsRead } = await listOf(few.map((letter) => letter + '.'.repeat(3_000_000)));
    expect((await pages({ text: 'é' })).filter((page) => page !== '')).toEqual(['n7', 'n2', 'n0']);
    expect(await countMatches({ app: null, limit: 100, text: 'é', scanMs: 60_000 })).toEqual({
      count: 3,
      isWhole: true,
    });
    expect(Math.max(...charsRead)).toBeLessThan(10_000_000);
  });
});
