// A database of every earlier version stays in use under this one, with every row, entry and count.

import { copyFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemWorld } from '../../src/lib/world.ts';
import { backUp } from '../../src/store/sqlite/file/backup.ts';
import { restore } from '../../src/store/sqlite/file/restore.ts';
import { MIGRATIONS } from '../../src/store/sqlite/file/schema-version.ts';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { callback, completed } from '../support/executions.ts';
import { quietLog } from '../support/quiet-log.ts';
import { temporaryFolder } from '../support/temporary.ts';
import {
  contents,
  filesBeside,
  findings,
  generation,
  look,
  NOW,
  upgrade,
  upgrading,
  VERSIONS,
  writtenBy,
} from './written.ts';

test('there is a file of every version of the schema', () => {
  const migrations = readdirSync(MIGRATIONS).filter((name) => name.endsWith('.sql'));
  const generations = migrations.map((name) => name.slice(0, 4));
  expect(VERSIONS.filter((version) => !version.includes('-'))).toEqual(generations);
});

describe.each(VERSIONS)('a database of %s', (version) => {
  test('opens and keeps every row, every entry and every count', () => {
    const path = writtenBy(version);
    const before = contents(path);
    expect(before.executions.length).toBe(16);
    upgrade(path);
    expect(contents(path)).toEqual(before);
    expect(generation(path)).toEqual({ age: 'current' });
    expect(findings(path)).toEqual([]);
  });

  test('holds an execution of every status, and an unreadable callback', () => {
    const path = writtenBy(version);
    const statuses = look(path, (client) => client.prepare('SELECT DISTINCT status FROM executions').pluck().all());
    expect(statuses.sort()).toEqual(
      'CANCELLED COMPLETED FAILED NOT_FOUND PENDING QUEUED REJECTED TIMEOUT UNCONFIRMED'.split(' '),
    );
    expect(contents(path).bodies).toBe(1);
  });

  test('stays in use: open executions are resolved, and the audit trail is continued', async () => {
    const path = writtenBy(version);
    const store = createSqliteStore({ path, ...upgrading() });
    onTestFinished(() => store.close());
    for (const id of ['open-pending', 'open-unconfirmed']) {
      const { reference = '' } = (await store.find(id)) ?? {};
      await store.record(reference, callback(completed({ paid: 42 })), NOW);
      expect(await store.find(id)).toMatchObject({ status: 'COMPLETED', result: { paid: 42 } });
    }
    expect(await store.find('open-queued')).toMatchObject({ status: 'QUEUED' });
    expect(findings(path)).toEqual([]);
  });

  test('has its payloads pruned, and its audit trail stays valid', async () => {
    const path = writtenBy(version);
    const store = createSqliteStore({ path, ...upgrading() });
    onTestFinished(() => store.close());
    // Behind the newest of these files.
    const later = NOW + 365 * 86_400_000;
    const batch = await store.prunablePayloads(50, later, null);
    expect(await store.prunePayloads(batch, later, later)).toBeGreaterThan(0);
    expect(await store.find('ended-1')).toMatchObject({ status: 'COMPLETED', result: null });
    expect(findings(path)).toEqual([]);
  });

  test('has an execution held and one erased, and what is left of its trail verifies', async () => {
    const now = NOW + 10 * 86_400_000;
    const path = writtenBy(version);
    const store = createSqliteStore({ path, ...upgrading(quietLog(), now) });
    onTestFinished(() => store.close());
    const referenceOf = async (id: string) => (await store.find(id))?.reference ?? '';
    const order = { by: 'operator:alice', reason: 'request 4711' };
    // The file of 0004 has them from its time.
    const outcome = version < '0004' ? 'erased' : 'already-erased';
    expect(await store.erase(await referenceOf('ended-6'), order, now)).toMatchObject({ outcome });
    await store.hold(await referenceOf('ended-8'), order, now);
    expect(await store.erase(await referenceOf('ended-8'), order, now)).toMatchObject({ outcome: 'held' });
    expect(await store.find('ended-6')).toMatchObject({ result: null, erasedAt: expect.any(Number) });
    const conflict = (await store.trail('ended-6')).find(({ event }) => event === 'CALLBACK_CONFLICT');
    expect(conflict?.detail).toEqual({ word: 'COMPLETED', outcome: 'conflict', status: 'COMPLETED', erased: true });
    const later = now + 30 * 86_400_000;
    await store.prunePayloads(await store.prunablePayloads(50, later, null), later, later);
    expect(await store.find('ended-1')).toMatchObject({ result: null });
    expect((await store.find('ended-8'))?.result).not.toBeNull();
    expect(findings(path)).toEqual([]);
  });

  test('has its queue held when a plain copy of it is put back after this version has run', async () => {
    const path = writtenBy(version);
    copyFileSync(path, `${path}.kept`);
    await createSqliteStore({ path, ...upgrading() }).close();
    copyFileSync(`${path}.kept`, path);
    const store = createSqliteStore({ path, ...upgrading() });
    onTestFinished(() => store.close());
    expect([store.isQueueUnheld, store.restored]).toMatchObject([true, { from: 'copy' }]);
  });

  test('is backed up unchanged, and the backup is restored without a second copy', async () => {
    const path = writtenBy(version);
    const backup = join(temporaryFolder(), 'backup.db');
    expect(backUp(path, backup)).toMatchObject({ executions: 16, open: 3 });
    expect(generation(backup)).toEqual(generation(path));
    const target = join(temporaryFolder(), 'receiver.db');
    const options = { world: systemWorld, log: quietLog(), sendQueued: false };
    expect(await restore(backup, target, options)).toMatchObject({ executions: 16, held: 1 });
    expect(filesBeside(target)).toEqual([]);
    expect(findings(target)).toEqual([]);
  });
});
