// A move from a SQLite file to PostgreSQL, and back: nothing is lost, changed or sent twice, and no receiver continues on the source.

import { copyFileSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Execution } from '../../../src/execution/execution.ts';
import { systemWorld } from '../../../src/lib/world.ts';
import { cancelMoveToFile, cancelMoveToPostgres } from '../../../src/store/move/cancel.ts';
import { moveToFile } from '../../../src/store/move/to-file.ts';
import { moveToPostgres } from '../../../src/store/move/to-postgres.ts';
import type { Store } from '../../../src/store/port.ts';
import { openPostgresStore } from '../../../src/store/postgres/store.ts';
import { backUp } from '../../../src/store/sqlite/file/backup.ts';
import { openReadOnly } from '../../../src/store/sqlite/file/open-readonly.ts';
import { verifyAudit } from '../../../src/store/sqlite/verify/verify.ts';
import { anExecution, callback, completed } from '../../support/executions.ts';
import { live } from '../../support/lives.ts';
import { START } from '../../support/manual-world.ts';
import { startCuttingProxy } from '../../support/postgres/cutting-proxy.ts';
import { newDatabase, serverUrl, withClient } from '../../support/postgres/databases.ts';
import { expectSameViews } from '../../support/postgres/same-views.ts';
import { quietLog } from '../../support/quiet-log.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { LATER, makeBusyFile, openFile } from './busy-store.ts';

let from = '';
let to = '';
const closing: { close(): Promise<void> }[] = [];

beforeEach(async () => {
  if (serverUrl === null) return;
  from = join(temporaryFolder(), 'receiver.db');
  await makeBusyFile(from);
  to = await newDatabase();
});

afterEach(async () => {
  for (const one of closing.splice(0)) await one.close();
});

const move = (changes: { to?: string } = {}) =>
  moveToPostgres({ from, fromMode: 0o600, to, world: systemWorld, log: quietLog(), progress: () => {}, ...changes });

const moveBack = (file: string, progress = () => {}) =>
  moveToFile({ from: to, to: file, mode: 0o600, log: quietLog(), progress });

async function openServer(): Promise<Store> {
  const store = await openPostgresStore({ url: to, world: systemWorld, log: quietLog() });
  closing.push(store);
  return store;
}

const tables = () =>
  withClient(
    to,
    async (client) => (await client.query("SELECT 1 FROM pg_tables WHERE schemaname = 'public'")).rowCount,
  );

describe.skipIf(serverUrl === null)('a move to PostgreSQL', () => {
  test('shows the same rows in every view, and reports what it moved', async () => {
    const report = await move();
    expect(report).toMatchObject({ from, executions: 17, wasMoved: false });
    expect(report.open).toBeGreaterThan(2);
    await expectSameViews({ url: to, path: from });
  });

  test('keeps what callbacks, keys, cursors and readers of events refer to', async () => {
    const file = openFile(from, LATER);
    const [pending, repeated] = [await file.find('pending'), await file.find('repeated')];
    const head = await file.head();
    const feed = await file.feed({ after: head.id - 5, app: null, limit: 100 });
    const listed = await file.list({ app: null, limit: 5 });
    const next = await file.list({ app: null, limit: 5, before: listed.next ?? '' });
    const lanes = await file.lanes();
    const course = await file.outcomes({});
    await file.close();
    await move();
    const store = await openServer();
    expect(await store.head()).toEqual(head);
    expect(await store.feed({ after: head.id - 5, app: null, limit: 100 })).toEqual(feed);
    expect(await store.list({ app: null, limit: 5, before: listed.next ?? '' })).toEqual(next);
    expect(await store.findByReference(pending?.reference ?? '')).toEqual(pending);
    expect(await store.lanes()).toEqual(lanes);
    expect((await store.outcomes({})).toSorted(byJson)).toEqual(course.toSorted(byJson));
    expect((await store.pausedEndpoints())[0]).toMatchObject({ origin: 'https://shop.example' });
    expect((await store.openIncidents())[0]).toMatchObject({ startedAt: START });

    const resolved = await store.record(pending?.reference ?? '', callback(completed()), LATER);
    expect(resolved).toMatchObject({ outcome: 'resolved', entry: { id: head.id + 1 } });
    const more = await store.record(repeated?.reference ?? '', callback(completed()), LATER);
    expect(more).toMatchObject({ outcome: 'resolved', entry: { id: head.id + 3 } });
    const sameKey = { ...(pending as Execution), inputs: {}, context: {}, correlationId: 'other', status: 'QUEUED' };
    const repeat = { execution: sameKey as never, fingerprint: 'pending', queueCapacity: 100 };
    expect(await store.add(repeat)).toMatchObject({ outcome: 'replayed', by: 'idempotency-key' });
    expect(await store.add({ ...repeat, fingerprint: 'another' })).toEqual({ outcome: 'key-reused' });
  });

  test('sends what was queued once, and a new submission behind it', async () => {
    await move();
    const store = await openServer();
    await store.resumeSending({ app: 'crm', actionId: null });
    const claimed = await store.claimDispatches(10, START + 12 * 60_000 + 1_000);
    expect(claimed.map(({ correlationId }) => correlationId)).toEqual(['queued']);
    expect(await store.claimDispatches(10, START + 12 * 60_000 + 1_000)).toEqual([]);
    const execution = anExecution({ correlationId: 'new' }, LATER);
    expect(await store.add({ execution, fingerprint: 'new', queueCapacity: 100 })).toMatchObject({ outcome: 'added' });
    expect((await store.list({ app: null, limit: 1 })).items[0]).toMatchObject({ correlationId: 'new' });
  });

  test('leaves a file on which no receiver starts, of an earlier version either, and which can be read', async () => {
    await move();
    const name = `postgres://${new URL(to).host}${new URL(to).pathname}`;
    expect(() => openFile(from)).toThrow(`${from} was moved to ${name} at `);
    expect(() => openFile(from)).toThrow('set DATABASE_URL to that database and remove DATABASE_PATH');
    const client = openReadOnly(from);
    // Earlier versions refuse a file with a row here.
    expect(client.prepare('SELECT count(*) FROM imports').pluck().get()).toBe(1);
    expect(verifyAudit(client).findings).toEqual([]);
    client.close();
    await expect(move()).resolves.toMatchObject({ wasMoved: true, executions: 17 });
    await expect(move({ to: await newDatabase() })).rejects.toThrow('was moved to');
  });

  test('into a database that a receiver has prepared, and not beside it', async () => {
    const store = await openServer();
    await expect(move()).rejects.toThrow('a receiver uses the PostgreSQL database: stop all receivers first');
    await store.close();
    expect(await move()).toMatchObject({ wasMoved: false });
    await expectSameViews({ url: to, path: from });
  });

  test('is refused for a database that has rows, that is another program’s, or that does not let it make tables', async () => {
    const store = await openServer();
    await store.add({ execution: anExecution(), fingerprint: 'print', queueCapacity: 1 });
    await store.close();
    await expect(move()).rejects.toThrow('is not empty: create an empty database');
    to = await newDatabase();
    await withClient(to, (client) => client.query('CREATE TABLE notes (id integer)'));
    await expect(move()).rejects.toThrow('has tables of another program');
    to = await newDatabase();
    await withClient(to, (client) => client.query('DROP SCHEMA public'));
    await expect(move()).rejects.toThrow('create tables');
    await openFile(from).close();
  });

  test('is refused for a file that a receiver uses, a copy, a backup, an older version and what does not exist', async () => {
    const store = openFile(from);
    await expect(move()).rejects.toThrow('is in use by another receiver: stop it first');
    await store.close();
    const original = from;
    from = join(temporaryFolder(), 'copy.db');
    copyFileSync(original, from);
    await expect(move()).rejects.toThrow('is a copy of another file');
    from = join(temporaryFolder(), 'backup.db');
    backUp(original, from);
    await expect(move()).rejects.toThrow('is a backup, so that its queue may have been sent: start the receiver');
    from = join(temporaryFolder(), 'older.db');
    copyFileSync(new URL('../../upgrade/0005.db', import.meta.url), from);
    await expect(move()).rejects.toThrow('is of an older version: start the receiver of this version on it once');
    from = join(temporaryFolder(), 'missing.db');
    await expect(move()).rejects.toThrow('does not exist: name the file to move with --from');
    expect(existsSync(from)).toBe(false);
    expect(await tables()).toBe(0);
  });

  test('of a file that was restored from a backup is refused until what is older is pruned, and then keeps its trail', async () => {
    const original = join(temporaryFolder(), 'original.db');
    const lost = openFile(original);
    await live(lost, 'callback', START - 2 * 86_400_000, { correlationId: 'before' });
    await lost.close();
    from = join(temporaryFolder(), 'restored.db');
    backUp(original, from);
    const restored = openFile(from, LATER);
    expect(restored.restored).toMatchObject({ from: 'backup' });
    await restored.noteQueueHeld();
    await live(restored, 'callback', LATER, { correlationId: 'after' });
    const head = await restored.head();
    await restored.close();
    await expect(move()).rejects.toThrow(
      /which PostgreSQL cannot store: .* until retention \(AUDIT_RETENTION_DAYS\) has pruned all entries up to 20.*Z, and move it then/,
    );
    expect(await tables()).toBe(0);
    const pruning = openFile(from, LATER);
    await pruning.prune(1000, START);
    await pruning.close();
    expect(await move()).toMatchObject({ executions: 1, head });
    await expectSameViews({ url: to, path: from });
    const store = await openServer();
    expect((await store.trail('after')).at(-1)?.id).toBe(head.id);
  });

  test('is refused when the trail of the file does not hold, with nothing moved', async () => {
    const client = new Database(from);
    client.exec(
      'DROP TRIGGER audit_rows_no_update; UPDATE audit_rows SET at = at + 1 WHERE id = (SELECT max(id) FROM audit_rows)',
    );
    client.close();
    await expect(move()).rejects.toThrow(/nothing was moved, because the trail of .* does not hold/);
    expect(await tables()).toBe(0);
  });

  test('is refused when the copy would show other rows, with nothing moved', async () => {
    await (await openServer()).close();
    await withClient(to, (client) =>
      client.query(`CREATE FUNCTION alter_context() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.context := '[]'; RETURN NEW; END $$;
        CREATE TRIGGER altering BEFORE INSERT ON payload_rows FOR EACH ROW EXECUTE FUNCTION alter_context()`),
    );
    await expect(move()).rejects.toThrow(
      'nothing was moved: the copy differs, executions shows another row for callback',
    );
    const { rows } = await withClient(to, (client) => client.query('SELECT 1 FROM execution_rows'));
    expect(rows).toEqual([]);
    await openFile(from).close();
  });

  test('whose commit is lost reports that, and is completed by the same command', async () => {
    const proxy = await startCuttingProxy(to, ['COMMIT\0']);
    closing.push(proxy);
    for (const what of ['request', 'response'] as const) {
      const sent = proxy.lose(what);
      const moving = move({ to: proxy.url });
      moving.catch(() => {});
      await sent;
      if (what === 'response') await expect.poll(tables).not.toBe(0);
      proxy.cut();
      await expect(moving).rejects.toThrow('run the same command again');
      expect(() => openFile(from)).toThrow('If the move was interrupted, run it again');
    }
    expect(await move({ to: proxy.url })).toMatchObject({ wasMoved: true });
    await expectSameViews({ url: to, path: from });
  });

  test('that moved nothing can be cancelled, and one that is complete cannot', async () => {
    const proxy = await startCuttingProxy(to, ['COMMIT\0']);
    closing.push(proxy);
    const cancel = () => cancelMoveToPostgres(from, 0o600, proxy.url, quietLog());
    await expect(cancel()).rejects.toThrow('has no mark of a move');
    const sent = proxy.lose('request');
    const moving = move({ to: proxy.url });
    moving.catch(() => {});
    await sent;
    proxy.cut();
    await expect(moving).rejects.toThrow('run the same command again');
    await cancel();
    await openFile(from).close();
    await move({ to: proxy.url });
    await expect(cancel()).rejects.toThrow('the move is complete');
  });
});

describe.skipIf(serverUrl === null)('a move back to a file', () => {
  test('shows the same rows, continues the trail, and leaves a database on which no receiver starts', async () => {
    await move();
    const file = join(temporaryFolder(), 'back.db');
    const report = await moveBack(file);
    expect(report).toMatchObject({ to: file, executions: 17 });
    await expectSameViews({ url: to, path: file });
    const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z: set DATABASE_PATH`;
    await expect(openServer()).rejects.toThrow(new RegExp(`was moved to ${file} at ${time}`));
    await expect(moveBack(file)).rejects.toThrow('exists: nothing is overwritten');
    const store = openFile(file, LATER);
    expect(store.restored).toBeNull();
    const pending = await store.find('pending');
    const resolved = await store.record(pending?.reference ?? '', callback(completed()), LATER);
    expect(resolved).toMatchObject({ outcome: 'resolved', entry: { id: report.head.id + 1 } });
    for (let counted = await store.countHistory(5); counted.countedFrom !== 0; ) counted = await store.countHistory(5);
    expect(await store.outcomes({})).not.toEqual([]);
    await store.close();
    const client = openReadOnly(file);
    expect(verifyAudit(client).findings).toEqual([]);
    client.close();
  });

  test('whose file cannot get its name says that no receiver starts on the database, and can be repeated', async () => {
    await move();
    const file = join(temporaryFolder(), 'back.db');
    const moving = moveBack(file, () => writeFileSync(file, 'of another program'));
    await expect(moving).rejects.toThrow(
      /^the move is not complete: no copy was made: .* nothing is overwritten; .*: run the same command/,
    );
    await expect(openServer()).rejects.toThrow(`was moved to ${file}`);
    rmSync(file);
    expect(await moveBack(file)).toMatchObject({ to: file, executions: 17 });
    await expectSameViews({ url: to, path: file });
  });

  test('to a second file, and its cancellation for another file, are refused: a receiver may run on the first one', async () => {
    await move();
    const folder = temporaryFolder();
    const [file, other] = [join(folder, 'back.db'), join(folder, 'other.db')];
    await moveBack(file);
    const sent = openFile(file, LATER);
    expect(sent.restored).toBeNull();
    await sent.close();
    const refusal = `was moved to ${file} at `;
    await expect(moveBack(other)).rejects.toThrow(refusal);
    await expect(cancelMoveToFile(to, other, quietLog())).rejects.toThrow(refusal);
    await expect(cancelMoveToFile(to, file, quietLog())).rejects.toThrow('the move is complete');
    await expect(openServer()).rejects.toThrow(refusal);
    expect(existsSync(other)).toBe(false);
  });

  test('that was interrupted is cancelled with the name of its file', async () => {
    await move();
    const file = join(temporaryFolder(), 'back.db');
    await expect(moveBack(file, () => writeFileSync(file, 'of another program'))).rejects.toThrow('is not complete');
    rmSync(file);
    await cancelMoveToFile(to, file, quietLog());
    await (await openServer()).close();
  });

  test('is refused beside a receiver, and for an empty database, with no file made', async () => {
    const file = join(temporaryFolder(), 'back.db');
    await expect(moveBack(file)).rejects.toThrow('is empty: there is nothing to move');
    const store = await openServer();
    await expect(moveBack(file)).rejects.toThrow('stop all receivers first');
    await store.close();
    expect(readdirSync(join(file, '..'))).toEqual([]);
  });
});

function byJson(one: object, other: object): number {
  return JSON.stringify(one) < JSON.stringify(other) ? -1 : 1;
}
