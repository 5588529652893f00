// Exports can be imported into a database for inspection: it verifies, can be queried, and no receiver starts on it.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { systemWorld } from '../../../src/lib/world.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { command, fill, openStore, writtenDatabase } from '../harness.ts';

const PERIOD = ['--from', '2020-01-01', '--to', '2100-01-01'];
const DAY_MS = 86_400_000;

/** The trail and the executions of a database, in a format. */
async function exported(format: 'ndjson' | 'csv', database?: string) {
  const source = database ?? (await writtenDatabase());
  const folder = temporaryFolder();
  const [trail, executions] = ['trail', 'executions'].map((name) => join(folder, `${name}.${format}`)) as [
    string,
    string,
  ];
  await command(['audit', 'export', '--database', source, '--out', trail]);
  await command(['executions', 'export', '--database', source, '--out', executions]);
  return { source, folder, trail, executions, into: join(folder, 'inspect.db') };
}

const importInto = (into: string, ...files: string[]) => command(['audit', 'import', ...files, '--into', into]);

describe.for(['ndjson', 'csv'] as const)('an import of %s', (format) => {
  test('verifies, and answers as the original does', async () => {
    const { source, trail, executions, into } = await exported(format);
    const { code, out } = await importInto(into, executions, trail);
    expect([code, out]).toEqual([0, expect.stringContaining('20 audit entries, 10 executions, 0 other rows')]);
    expect(await command(['audit', 'verify', into])).toMatchObject({
      code: 0,
      out: expect.stringContaining('20 entries'),
    });
    for (const line of [
      ['audit', 'query', '--json'],
      ['stats', '--json', ...PERIOD],
      ['executions', 'list', '--json'],
    ]) {
      const [there, here] = [
        await command([...line, '--database', source]),
        await command([...line, '--database', into]),
      ];
      expect([here.code, JSON.parse(here.out)]).toEqual([0, JSON.parse(there.out)]);
    }
  });

  test('has the executions alone, or the trail alone', async () => {
    const { trail, executions, into } = await exported(format);
    expect((await command(['executions', 'import', executions, '--into', into])).code).toBe(0);
    expect((await command(['executions', 'list', '--database', into])).code).toBe(0);
    expect((await importInto(`${into}.2`, trail)).code).toBe(0);
    expect((await command(['audit', 'verify', `${into}.2`])).code).toBe(0);
  });
});

test('a changed entry is found in the imported database', async () => {
  const { folder, trail, into } = await exported('ndjson');
  const changed = join(folder, 'changed.ndjson');
  writeFileSync(changed, readFileSync(trail, 'utf8').replace('"app":"shop"', '"app":"other"'));
  expect((await importInto(into, changed)).code).toBe(0);
  expect(await command(['audit', 'verify', into])).toMatchObject({
    code: 1,
    out: expect.stringContaining('entry 1 was altered'),
  });
});

test('no receiver and no pruning starts on an imported database', async () => {
  const { trail, into } = await exported('ndjson');
  await importInto(into, trail);
  expect(() => openStore(into)).toThrow('was made from exports, for inspection: no receiver starts on it');
  const pruned = await command('prune --audit-days 1', { DATABASE_PATH: into });
  expect([pruned.code, pruned.err]).toEqual([2, expect.stringContaining('for inspection')]);
});

test('the exports of retention are imported with what belongs to them, and with an export of what came after', async () => {
  const { store, path } = openStore();
  await fill(store, 5);
  const { items } = await store.list({ app: null, limit: 1 });
  const body = { bytes: Buffer.from('{"half":'), contentType: 'text/odd' };
  await store.record(items[0]?.reference ?? '', { type: 'callback-unreadable', reason: 'no JSON', body }, Date.now());
  await store.close();
  const folder = temporaryFolder();
  const world = { ...systemWorld, now: () => Date.now() + 3 * DAY_MS, sleep: async () => {} };
  const env = { RETENTION_EXPORT_DIR: folder, DATABASE_PATH: path };
  await command('prune --payload-days 1 --audit-days 2', env, false, { world });
  const { store: again } = openStore(path);
  await fill(again, 2);
  await again.close();
  const { trail, executions, into } = await exported('ndjson', path);
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.gz'))
    .map((name) => join(folder, name));
  expect(files.length).toBe(2);
  expect((await importInto(into, trail, executions, ...files)).out).toContain('15 audit entries, 7 executions');
  expect(await command(['audit', 'verify', into])).toMatchObject({
    code: 0,
    out: expect.stringContaining('15 entries'),
  });
  const sql = new Database(into, { readonly: true });
  expect(sql.prepare('SELECT DISTINCT inputs, result FROM executions').all()).toEqual([
    { inputs: '{"amount":42}', result: '{"ok":true}' },
  ]);
  expect(sql.prepare('SELECT body FROM callback_bodies').pluck().get()).toEqual(Buffer.from('{"half":'));
  sql.close();
});

test('texts that need quotes, and texts that spreadsheets could run, come back as they were', async () => {
  const { store, path } = openStore();
  const inputs = { text: '=1+1, "quoted"\r\nand more', lines: '\u2028', empty: '' };
  const { anExecution } = await import('../../support/executions.ts');
  const execution = anExecution({ inputs, idempotencyKey: '-1,"x"' }, Date.now());
  await store.add({ execution, fingerprint: 'print', queueCapacity: 10 });
  await store.record(execution.reference, { type: 'cancelled', by: "app:'shop\n" }, Date.now());
  await store.close();
  const { trail, executions, into } = await exported('csv', path);
  await importInto(into, trail, executions);
  expect((await command(['audit', 'verify', into])).code).toBe(0);
  const sql = new Database(into, { readonly: true });
  expect(sql.prepare('SELECT inputs, idempotency_key AS name FROM executions').get()).toEqual({
    inputs: JSON.stringify(inputs),
    name: '-1,"x"',
  });
  sql.close();
});

test('a line of NDJSON ends at LF and CR LF only, as other programs write it', async () => {
  const { store, path } = openStore();
  const inputs = { text: 'one\u2028two\u2029three\u0085four' };
  const { anExecution } = await import('../../support/executions.ts');
  const execution = anExecution({ inputs }, Date.now());
  await store.add({ execution, fingerprint: 'print', queueCapacity: 10 });
  await store.close();
  const { folder, executions, into } = await exported('ndjson', path);
  const rewritten = join(folder, 'rewritten.ndjson');
  const text = readFileSync(executions, 'utf8');
  expect(text).toContain('\\u2028');
  writeFileSync(
    rewritten,
    `${text.trimEnd()}\r\n\n`.replaceAll(/\\u(2028|2029|0085)/g, (escaped) => JSON.parse(`"${escaped}"`)),
  );
  expect(await importInto(into, rewritten)).toMatchObject({ code: 0, out: expect.stringContaining('1 execution') });
  const sql = new Database(into, { readonly: true });
  expect(JSON.parse(String(sql.prepare('SELECT inputs FROM executions').pluck().get()))).toEqual(inputs);
  sql.close();
});

test('what cannot be imported is refused, and leaves no file', async () => {
  const { folder, trail, into } = await exported('ndjson');
  const other = join(folder, 'other.ndjson');
  writeFileSync(other, '{"some":"thing"}\n');
  expect(await importInto(into, other)).toMatchObject({
    code: 2,
    err: expect.stringContaining('has no row of an export'),
  });
  writeFileSync(other, '{"some":\n');
  expect(await importInto(into, other)).toMatchObject({
    code: 2,
    err: expect.stringContaining('line 1 is not a JSON object'),
  });
  writeFileSync(trail, `${readFileSync(trail, 'utf8')}\n`);
  expect(await importInto(into, trail)).toMatchObject({ code: 2, err: expect.stringContaining('in its manifest') });
  expect(readdirSync(folder).filter((name) => name.startsWith('inspect'))).toEqual([]);
  writeFileSync(into, '');
  expect(await importInto(into, other)).toMatchObject({
    code: 2,
    err: expect.stringContaining('makes a new database'),
  });
});

test('of two imports to one name at the same time, one gets it, and the other one removes nothing of it', async () => {
  const { folder, trail, executions, into } = await exported('ndjson');
  const ended = await Promise.all([importInto(into, trail), importInto(into, trail, executions)]);
  expect(ended.map(({ code }) => code).toSorted()).toEqual([0, 2]);
  expect((await command(['audit', 'verify', into])).code).toBe(0);
  expect(readdirSync(folder).filter((name) => name.startsWith('inspect'))).toEqual(['inspect.db']);
});

test('an import that is interrupted leaves no file', async () => {
  const { folder, trail, into } = await exported('ndjson');
  const around = { interrupted: () => AbortSignal.abort() };
  const { code, err } = await command(['audit', 'import', trail, '--into', into], {}, false, around);
  expect([code, err]).toEqual([2, 'Interrupted: no file was written\n']);
  expect(readdirSync(folder).filter((name) => name.startsWith('inspect'))).toEqual([]);
});

test('the files of an import that was killed are named, and left alone', async () => {
  const { folder, trail, into } = await exported('ndjson');
  const partial = 'inspect.db.01a22f93-0983-7000-8000-00de33812db7.partial';
  writeFileSync(join(folder, partial), 'half');
  writeFileSync(join(folder, `${partial}-wal`), 'half');
  const { code, err } = await importInto(into, trail);
  const remedy = `another import is running, or one was interrupted; remove ${partial}* if none is running`;
  expect([code, err]).toEqual([0, `${partial} exists: ${remedy}\n`]);
  expect(readFileSync(join(folder, partial), 'utf8')).toBe('half');
});

test('an import into a place that takes no database leaves no file there', async () => {
  const { folder, trail, into } = await exported('ndjson');
  // As a receiver leaves it whose file was lost.
  writeFileSync(join(folder, 'inspect-rescue-2026.db'), 'rescued');
  expect(await importInto(into, trail)).toMatchObject({ code: 2, err: expect.stringContaining('was saved when') });
  writeFileSync(`${into}-wal`, 'precious');
  expect(await importInto(into, trail)).toMatchObject({
    code: 2,
    err: expect.stringContaining('nothing is overwritten'),
  });
  expect(readdirSync(folder).filter((name) => name.startsWith('inspect'))).toEqual([
    'inspect-rescue-2026.db',
    'inspect.db-wal',
  ]);
});
