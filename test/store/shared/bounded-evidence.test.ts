// Conflicts and unreadable bodies without end: the trail keeps the first, and only the hash of those beyond the bound.

import { expect, onTestFinished, test } from 'vitest';
import type { ExecutionEvent } from '../../../src/execution/event.ts';
import { writeJson } from '../../../src/execution/json.ts';
import { systemWorld } from '../../../src/lib/world.ts';
import { MAX_EVIDENCE_BYTES } from '../../../src/store/shared/bounded-evidence.ts';
import { createSqliteStore } from '../../../src/store/sqlite/store.ts';
import { anExecution, callback, completed, NOON } from '../../support/executions.ts';
import { fatal } from '../../support/fatal.ts';
import { quietLog } from '../../support/quiet-log.ts';
import { temporaryDatabase } from '../../support/temporary-database.ts';

const BIG = 900 * 1024;

async function ended() {
  const path = temporaryDatabase();
  const store = createSqliteStore({ path, world: systemWorld, log: quietLog(), fatal });
  onTestFinished(() => store.close());
  const execution = anExecution({ correlationId: 'one' });
  await store.add({ execution, fingerprint: 'print', queueCapacity: 10 });
  const record = (event: ExecutionEvent) => store.record(execution.reference, event, NOON);
  await record(callback(completed('right')));
  return { store, record };
}

test('of 20 conflicts of 0.9 MB, the first are kept whole and the others by size and hash; each has an entry', async () => {
  const { store, record } = await ended();
  for (let i = 0; i < 20; i += 1) {
    const recorded = await record(callback(completed(`${i}${'x'.repeat(BIG)}`)));
    expect(recorded?.outcome).toBe('conflict');
  }
  const conflicts = (await store.trail('one')).filter(({ event }) => event === 'CALLBACK_CONFLICT');
  expect(conflicts).toHaveLength(20);
  const whole = conflicts.filter(({ detail }) => 'result' in detail);
  expect(whole).toHaveLength(Math.floor(MAX_EVIDENCE_BYTES / BIG));
  expect(writeJson(conflicts[0]?.detail['result'])).toBe(`"0${'x'.repeat(BIG)}"`);
  const last = conflicts.at(-1)?.detail;
  expect(last).toMatchObject({ outcome: 'conflict', omitted: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) } });
  expect(JSON.stringify(await store.trail('one')).length).toBeLessThan(MAX_EVIDENCE_BYTES + 100_000);
  // A small one is kept after that, too.
  await record(callback(completed('wrong')));
  expect((await store.trail('one')).at(-1)?.detail).toMatchObject({ result: 'wrong' });
});

test('of unreadable bodies, the bytes beyond the bound are not kept', async () => {
  const { store, record } = await ended();
  const body = { bytes: Buffer.alloc(BIG, 'x'), contentType: null };
  for (let i = 0; i < 10; i += 1) await record({ type: 'callback-unreadable', reason: 'not JSON', body });
  const entries = (await store.trail('one')).filter(({ event }) => event === 'CALLBACK_UNREADABLE');
  expect(entries.filter(({ detail }) => 'sha256' in detail)).toHaveLength(Math.floor(MAX_EVIDENCE_BYTES / BIG));
  expect(entries.at(-1)?.detail).toMatchObject({ reason: 'not JSON', omitted: { bytes: BIG } });
});
