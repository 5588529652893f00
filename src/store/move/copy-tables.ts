// Copies tables row by row, in bounded memory, and counts the rows.

import { yieldToEventLoop } from '../../lib/event-loop.ts';
import type { MovedRow, MovedTable } from '../moved-rows.ts';
import type { MoveOptions } from './report.ts';

/** Rows after which progress is reported and the event loop has a turn. */
const STEP = 500;

/** Returns the number of rows of each table. */
export async function copyTables(
  tables: readonly MovedTable[],
  write: (table: string, row: MovedRow) => Promise<void> | void,
  { progress }: MoveOptions,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const table of tables) counts.set(table.name, await table.count());
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  let done = 0;
  for (const { name, rows } of tables) {
    for await (const row of rows()) {
      await write(name, row);
      done += 1;
      if (done % STEP !== 0) continue;
      progress('copying', done, total);
      await yieldToEventLoop();
    }
  }
  return counts;
}
