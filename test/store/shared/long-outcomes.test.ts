// Results of megabytes: their hashes are made in slices, and entries that quote them are read without parsing them.

import Database from 'better-sqlite3';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { type Json, LargeJson, writeJson } from '../../../src/execution/json.ts';
import { systemWorld } from '../../../src/lib/world.ts';
import { outcomeHash, prepareOutcomeHash } from '../../../src/store/shared/hash-chain.ts';
import { createSqliteStore } from '../../../src/store/sqlite/store.ts';
import { verifyAudit } from '../../../src/store/sqlite/verify/verify.ts';
import { anExecution, callback, completed, NOON } from '../../support/executions.ts';
import { fatal } from '../../support/fatal.ts';
import { quietLog } from '../../support/quiet-log.ts';
import { temporaryDatabase } from '../../support/temporary-database.ts';

const SLICE = 256 * 1024;

/** Runs the work, and returns how often other work of the event loop ran meanwhile. */
async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let isOver = false;
  const turn = () => {
    turns += 1;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  await work();
  isOver = true;
  return turns;
}

async function openStore() {
  const path = temporaryDatabase();
  const store = createSqliteStore({ path, world: systemWorld, log: quietLog(), fatal });
  onTestFinished(() => store.close());
  const execution = anExecution({ correlationId: 'one' });
  await store.add({ execution, fingerprint: 'print', queueCapacity: 10 });
  return {
    store,
    path,
    record: (result: Json) => store.record(execution.reference, callback(completed(result)), NOON),
  };
}

test('the hash of a long outcome is the same in slices, also where a slice would part a pair of surrogates', async () => {
  const character = fc.constantFrom('x', '"', '\\', '\n', '\u{1f600}', '\ud83d', '\ude00', '\u2028');
  await fc.assert(
    fc.asyncProperty(
      fc.array(character, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 0, max: 3 }),
      async (around, shift) => {
        const result = 'x'.repeat(SLICE - shift) + around.join('') + 'y'.repeat(SLICE);
        for (const error of [null, around.join('')]) {
          const plain = outcomeHash({ result, error });
          await prepareOutcomeHash({ result, error });
          // The first use takes the prepared one, and the second hashes again.
          for (let use = 0; use < 2; use += 1) expect(outcomeHash({ result, error })).toBe(plain);
        }
      },
    ),
    { numRuns: 20 },
  );
});

test('a prepared hash is used, and not for another outcome', async () => {
  const outcome = { result: 'r'.repeat(SLICE), error: null };
  const plain = outcomeHash(outcome);
  for (let count = 0; count < 6; count += 1) await prepareOutcomeHash({ ...outcome, error: String(count) });
  await prepareOutcomeHash(outcome);
  expect(outcomeHash({ ...outcome, error: '5' })).not.toBe(plain);
  expect(outcomeHash(outcome)).toBe(plain);
});

test('a long outcome is recorded in turns, and its trail holds', async () => {
  const { store, path, record } = await openStore();
  const result = LargeJson.from(JSON.stringify('x'.repeat(40 * SLICE)));
  // Four turns of the event loop for each slice.
  expect(await turnsDuring(() => record(result))).toBeGreaterThan(120);
  expect(writeJson((await store.find('one'))?.result)).toBe(writeJson(result));
  const client = new Database(path, { readonly: true });
  onTestFinished(() => void client.close());
  expect(verifyAudit(client).findings).toEqual([]);
});

test('an entry that quotes a large result keeps it as text', async () => {
  const { store, record } = await openStore();
  await record('right');
  const other = JSON.stringify('x'.repeat(100_000));
  expect((await record(LargeJson.from(other)))?.outcome).toBe('conflict');
  const { entries } = await store.feed({ after: 0, app: null, correlationId: 'one', limit: 10 });
  const detail = entries.at(-1)?.detail ?? {};
  expect(LargeJson.is(detail['result'])).toBe(true);
  expect(writeJson(detail['result'])).toBe(other);
  expect(detail['outcome']).toBe('conflict');
});
