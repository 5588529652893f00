// `audit verify` and `audit head` as operators use them.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';
import { dropGuards } from '../../support/writable-views.ts';
import { command, fill, openStore, SECRET, writtenDatabase } from '../harness.ts';

const NEXT_SECRET = 'the-next-secret-of-32-characters-or-so';

function behindItsBack(path: string, statement: string): void {
  const sql = new Database(path);
  dropGuards(sql);
  sql.exec(statement);
  sql.close();
}

async function headOf(path: string, env = {}): Promise<string> {
  return (await command(`audit head ${path}`, env)).out.trim();
}

describe('audit verify', () => {
  test('says that all is as it was written, and what it cannot know without a head', async () => {
    const { code, out, err } = await command(`audit verify ${await writtenDatabase()}`);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^ok {3}chain: holds from entry 1 to 20, hash [0-9a-f]{64}$/m);
    expect(out).toMatch(/^warn heads: none given/m);
  });

  test('takes DATABASE_PATH when no path is said', async () => {
    const path = await writtenDatabase();
    expect((await command('audit verify', { DATABASE_PATH: path })).out).toContain(path);
  });

  test('ends with 1 and names the first entry that was changed', async () => {
    const path = await writtenDatabase();
    behindItsBack(path, "UPDATE audit_events SET app = 'other' WHERE id >= 7");
    const { code, out } = await command(`audit verify ${path}`);
    expect(code).toBe(1);
    expect(out).toMatch(/^fail chain: entry 7 was altered/m);
    const json = JSON.parse((await command(`audit verify ${path} --json`)).out);
    expect(json).toMatchObject({ ok: false, entries: 6, findings: [{ kind: 'altered', entry: 7 }] });
  });

  test('a head that was printed earlier shows a tail that was cut off since, rows and all', async () => {
    const path = await writtenDatabase();
    const head = await headOf(path);
    behindItsBack(
      path,
      'DELETE FROM audit_events WHERE id > 10; DELETE FROM executions WHERE correlation_id NOT IN (SELECT correlation_id FROM audit_events); UPDATE executions SET status = status',
    );
    const sql = new Database(path);
    onTestFinished(() => void sql.close());
    const { code, out } = await command(['audit', 'verify', path, '--head', head]);
    expect(code).toBe(1);
    expect(out).toMatch(/^fail chain: the tail was cut off: entries 11 to 20 are missing/m);
  });

  test('finds heads in a log, among everything else that stands there', async () => {
    const path = await writtenDatabase();
    const log = join(temporaryFolder(), 'receiver.log');
    const line = JSON.stringify({ level: 'info', head: await headOf(path), msg: 'audit head' });
    writeFileSync(log, `{"level":"info","msg":"listening"}\n${line}\n${line}\n`);
    const { code, out } = await command(['audit', 'verify', path, '--head', log, '--head', await headOf(path)]);
    expect(code).toBe(0);
    expect(out).toMatch(/^ok {3}heads: 3 of 3 agree, the newest of them entry 20, signed 2/m);
  });

  test('ends with 2 when a head was forged, and when none could be checked', async () => {
    const path = await writtenDatabase();
    const head = await headOf(path);
    const forged = await command(['audit', 'verify', path, '--head', head.replace('id=20', 'id=19')]);
    expect([forged.code, forged.out]).toEqual([2, expect.stringMatching(/^fail heads: the signature is invalid/m)]);
    const rotated = { CALLBACK_SECRET: NEXT_SECRET };
    const unknown = await command(['audit', 'verify', path, '--head', head], rotated);
    expect([unknown.code, unknown.out]).toEqual([2, expect.stringContaining('CALLBACK_SECRET=new,old')]);
    const both = { CALLBACK_SECRET: `${NEXT_SECRET},${SECRET}` };
    expect((await command(['audit', 'verify', path, '--head', head], both)).code).toBe(0);
  });

  test.each([
    ['--head no-such-file', /neither an audit head nor a file/],
    ['one two', /Name one database at most/],
    ['--heed x', /heed/],
    ['no-such.db', /does not exist/],
  ])('ends with 2 and says why: %s', async (args, message) => {
    const { code, out, err } = await command(`audit verify ${args}`, { DATABASE_PATH: await writtenDatabase() });
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(message);
  });

  test('needs no secret as long as no head is given, and names the one that it needs then', async () => {
    const path = await writtenDatabase();
    const head = await headOf(path);
    expect((await command(`audit verify ${path}`, { CALLBACK_SECRET: '' })).code).toBe(0);
    const { code, err } = await command(['audit', 'verify', path, '--head', head], { CALLBACK_SECRET: '' });
    expect([code, err]).toEqual([2, expect.stringContaining('CALLBACK_SECRET')]);
  });

  test('shows marks and colours to who looks on, and only to them', async () => {
    const path = await writtenDatabase();
    expect((await command(`audit verify ${path}`, {}, true)).out).toContain('\x1b[32m✓\x1b[39m chain');
    expect((await command(`audit verify ${path}`)).out).not.toContain('\x1b');
  });
});

describe('audit head', () => {
  test('prints one signed line, and moves with the trail while the receiver writes it', async () => {
    const { store, path } = openStore();
    onTestFinished(() => store.close());
    expect(await headOf(path)).toMatch(/^audit-head v1 id=0 hash=0{64} /);
    await fill(store, 3);
    expect(await headOf(path)).toMatch(/^audit-head v1 id=6 /);
    const { id, line } = JSON.parse((await command(`audit head ${path} --json`)).out);
    expect([id, line]).toEqual([6, expect.stringMatching(/^audit-head v1 id=6 /)]);
  });
});

test.each([
  ['audit', /Usage: npm run -s audit -- .*--help.*query/s],
  ['audit verily', /unknown command 'verily'\n\(Did you mean verify\?\)/],
  ['backup', /missing required argument 'path'/],
  ['restore', /missing required argument 'backup'/],
])('%s: what is missing is named, with the way to the help', async (line, message) => {
  const { code, err } = await command(line);
  expect(code).toBe(2);
  expect(err).toMatch(message);
  expect(err).toContain('--help');
});
