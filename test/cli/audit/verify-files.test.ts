// Exports that verify themselves: their chain, how files join, what was pruned, heads and manifests, with and without a database.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { systemWorld, type World } from '../../../src/lib/world.ts';
import type { Store } from '../../../src/store/port.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { command, fill, openStore, writtenDatabase } from '../harness.ts';

const HOUR_MS = 3_600_000;

/** A database of 20 entries, and its export in two parts. */
async function exported() {
  const database = await writtenDatabase();
  const folder = temporaryFolder();
  const whole = join(folder, 'audit.ndjson');
  await command(['audit', 'export', '--database', database, '--out', whole]);
  return { database, folder, whole, lines: readFileSync(whole, 'utf8').trimEnd().split('\n') };
}

function part(folder: string, name: string, lines: readonly string[]): string {
  const path = join(folder, name);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

const verify = (paths: readonly string[], ...more: string[]) => command(['audit', 'verify', ...paths, ...more]);

/** The last half of the entries was written after the first half was pruned into the folder. */
async function pruned() {
  const { store, path } = openStore();
  await fill(store, 10);
  await store.close();
  const folder = temporaryFolder();
  const env = { RETENTION_EXPORT_DIR: folder, AUDIT_RETENTION_DAYS: '1', DATABASE_PATH: path };
  await command('prune --audit-days 1', env, false, { world: later() });
  const { store: again } = openStore(path);
  await fill(again, 5);
  await again.close();
  const files = readdirSync(folder).filter((name) => name.endsWith('.gz'));
  return { folder, path, files: files.map((name) => join(folder, name)) };
}

function later(): World {
  return { ...systemWorld, now: () => Date.now() + 48 * HOUR_MS, sleep: async () => {} };
}

describe('one export', () => {
  test('verifies with its manifest, which has its hash and its place in the chain', async () => {
    const { whole } = await exported();
    const manifest = JSON.parse(readFileSync(`${whole}.manifest.json`, 'utf8'));
    expect(manifest).toMatchObject({ file: 'audit.ndjson', content: 'audit', rows: 20, filter: {}, isMasked: false });
    expect(manifest.chain).toMatchObject({ after: { id: 0 }, last: { id: 20 } });
    const { code, out } = await verify([whole]);
    expect([code, out]).toEqual([
      0,
      expect.stringContaining('20 entries, 1 to 20, chained to the entry before it; as its manifest states'),
    ]);
    expect(out).toMatch(/^ok {3}chain: no entry was altered, removed, inserted or reordered$/m);
  });

  test.for([
    [
      'altered',
      (lines: string[]) => lines.with(6, (lines[6] ?? '').replace('"app":"shop"', '"app":"x"')),
      'entry 7 was altered',
    ],
    ['removed', (lines: string[]) => lines.toSpliced(6, 2), 'entries 7 to 8 are missing'],
    [
      'reordered',
      (lines: string[]) => lines.with(6, lines[7] ?? '').with(7, lines[6] ?? ''),
      'entries 7 to 7 are missing',
    ],
  ] as const)('in which an entry was %s is found, and the entry is named', async ([, change, message]) => {
    const { folder, lines } = await exported();
    const { code, out } = await verify([part(folder, 'changed.ndjson', change(lines))]);
    expect([code, out]).toEqual([1, expect.stringContaining(message)]);
  });

  test('that is not the file of its manifest is found, even if its end was cut off', async () => {
    const { whole, lines } = await exported();
    writeFileSync(whole, `${lines.slice(0, 15).join('\n')}\n`);
    const { code, out } = await verify([whole]);
    expect([code, out]).toEqual([1, expect.stringMatching(/it has \d+ bytes, and \d+ in its manifest/)]);
  });

  test('agrees with signed heads, and differs from a head of another chain', async () => {
    const { database, folder, lines } = await exported();
    const head = (await command(`audit head ${database}`)).out.trim();
    const path = part(folder, 'part.ndjson', lines);
    expect(await verify([path], '--head', head)).toMatchObject({
      code: 0,
      out: expect.stringContaining('1 of 1 agree'),
    });
    const other = (await command(`audit head ${await writtenDatabase()}`)).out.trim();
    expect(await verify([path], '--head', other)).toMatchObject({ code: 1, out: expect.stringContaining('rewritten') });
  });
});

describe('CSV', () => {
  test('of the trail verifies entry by entry, and an altered field is found', async () => {
    const { database, folder } = await exported();
    const path = join(folder, 'audit.csv');
    await command(['audit', 'export', '--database', database, '--out', path]);
    expect(await verify([path])).toMatchObject({ code: 0, out: expect.stringContaining('20 entries, 1 to 20') });
    const lines = readFileSync(path, 'utf8').trimEnd().split('\r\n');
    const changed = lines.with(7, (lines[7] ?? '').replace('shop', 'crm'));
    const { code, out } = await verify([part(folder, 'changed.csv', changed)]);
    expect([code, out]).toEqual([1, expect.stringContaining('entry 7 was altered')]);
  });
});

describe('exported executions', () => {
  test('are compared with the trail: status and result', async () => {
    const { database, folder, whole } = await exported();
    const path = join(folder, 'executions.ndjson');
    await command(['executions', 'export', '--database', database, '--out', path]);
    expect((await verify([path, whole])).code).toBe(0);
    const rows = readFileSync(path, 'utf8').trimEnd();
    for (const [from, to, message] of [
      ['"status":"COMPLETED"', '"status":"FAILED"', /status of execution .* is FAILED, but COMPLETED in entry/],
      ['"result":{"ok":true}', '"result":{"ok":false}', /result or error of execution .* differs from its trail/],
    ] as const) {
      const changed = part(folder, 'changed.ndjson', [rows.replace(from, to)]);
      const { code, out } = await verify([changed, whole]);
      expect([code, out]).toEqual([1, expect.stringMatching(message)]);
    }
  });

  test('alone are compared with their manifest only, and without one with nothing', async () => {
    const { database, folder } = await exported();
    const path = join(folder, 'executions.ndjson');
    await command(['executions', 'export', '--database', database, '--out', path]);
    const { code, out } = await verify([path]);
    expect([code, out]).toEqual([0, expect.stringContaining('only the manifests were compared')]);
    const copy = part(folder, 'copy.ndjson', [readFileSync(path, 'utf8').trimEnd()]);
    expect((await verify([copy])).code).toBe(2);
    expect((await verify([part(folder, 'empty.ndjson', [])])).code).toBe(2);
  });
});

describe('several files', () => {
  test('join in any order, also where they overlap', async () => {
    const { folder, lines } = await exported();
    const [first, second] = [part(folder, 'a.ndjson', lines.slice(0, 12)), part(folder, 'b.ndjson', lines.slice(8))];
    const { code, out } = await verify([second, first]);
    expect([code, out]).toEqual([0, expect.stringContaining('12 entries, 9 to 20, continues the files before it')]);
  });

  test('between which entries are missing do not join', async () => {
    const { folder, lines } = await exported();
    const parts = [part(folder, 'a.ndjson', lines.slice(0, 8)), part(folder, 'b.ndjson', lines.slice(10))];
    const { code, out } = await verify(parts);
    expect([code, out]).toEqual([1, expect.stringContaining('entries 9 to 10 are in none of the files')]);
  });

  test('of two databases do not join', async () => {
    const [one, other] = [await exported(), await exported()];
    const parts = [
      part(one.folder, 'a.ndjson', one.lines.slice(0, 10)),
      part(other.folder, 'b.ndjson', other.lines.slice(10)),
    ];
    const { code, out } = await verify(parts);
    expect([code, out]).toEqual([1, expect.stringContaining('entry 11 does not follow from entry 10')]);
  });
});

describe('across pruned entries', () => {
  test('the exports of retention and the database that continues them verify together', async () => {
    const { files, path } = await pruned();
    expect(files).toHaveLength(1);
    const { code, out } = await verify([...files, path]);
    expect([code, out]).toEqual([
      0,
      expect.stringContaining('20 entries, 1 to 20, chained to the entry before it; as its manifest'),
    ]);
    const json = JSON.parse((await verify([...files, path], '--json')).out);
    expect(json).toMatchObject({
      ok: true,
      database: path,
      findings: [],
      files: [{ join: 'anchored', manifest: 'agrees' }],
    });
  });

  test('so do they with an export of what came after', async () => {
    const { files, folder, path } = await pruned();
    const rest = join(folder, 'rest.ndjson');
    await command(['audit', 'export', '--database', path, '--out', rest]);
    const alone = await verify([rest]);
    expect([alone.code, alone.out]).toEqual([0, expect.stringContaining('21 to 30, chained to the entry before it')]);
    const { code, out } = await verify([...files, rest]);
    expect([code, out]).toEqual([0, expect.stringContaining('21 to 30, continues the files before it')]);
  });

  test('an exported result or entry that was changed is found, and so is another database', async () => {
    const { files, folder, path } = await pruned();
    const text = gunzipSync(readFileSync(files[0] ?? '')).toString();
    const change = (from: string, to: string) => part(folder, 'changed.ndjson', [text.trimEnd().replace(from, to)]);
    expect((await verify([change('{\\"ok\\":true}', '{\\"ok\\":false}')])).out).toContain('differs from its trail');
    expect((await verify([change('"event":"ACCEPTED"', '"event":"SUBMITTED"')])).code).toBe(1);
    const { code, out } = await verify([...files, await writtenDatabase(12)]);
    expect([code, out]).toEqual([1, expect.stringContaining('has another hash than in the files')]);
    expect((await verify([path, await writtenDatabase()])).code).toBe(2);
    const torn = join(folder, 'torn.ndjson.gz');
    writeFileSync(torn, readFileSync(files[0] ?? '').subarray(0, 200));
    expect(await verify([torn])).toMatchObject({
      code: 1,
      out: expect.stringContaining('torn.ndjson.gz cannot be read'),
    });
    expect((await verify([join(folder, 'absent.ndjson')])).code).toBe(2);
  });
});

describe('an export of erased entries', () => {
  async function erasedStore(): Promise<{ store: Store; path: string }> {
    const opened = openStore();
    await fill(opened.store, 3);
    const { items } = await opened.store.list({ app: null, limit: 1 });
    const { reference = '' } = items[0] ?? {};
    const body = { bytes: Buffer.from('Ada'), contentType: null };
    await opened.store.record(reference, { type: 'callback-unreadable', reason: 'Ada', body }, Date.now());
    await opened.store.erase(reference, { by: 'operator:alice', reason: 'request' }, Date.now());
    return opened;
  }

  test('verifies with the entry that erased them, and says so if it is missing', async () => {
    const { store, path } = await erasedStore();
    await store.close();
    const folder = temporaryFolder();
    const whole = join(folder, 'audit.ndjson');
    await command(['audit', 'export', '--database', path, '--out', whole]);
    expect((await verify([whole])).code).toBe(0);
    const lines = readFileSync(whole, 'utf8').trimEnd().split('\n');
    const short = part(folder, 'short.ndjson', lines.slice(0, -1));
    const { code, out } = await verify([short]);
    expect([code, out]).toEqual([2, expect.stringContaining('entry 7: erased')]);
    expect((await verify([short, path])).code).toBe(0);
    const sql = new Database(path, { readonly: true });
    expect(sql.prepare("SELECT count(*) FROM audit_events WHERE detail GLOB '*Ada*'").pluck().get()).toBe(0);
    sql.close();
  });
});

test('each kind of export has a manifest: executions, CSV, stdout', async () => {
  const { database, folder } = await exported();
  for (const name of ['executions.csv', 'executions.ndjson']) {
    const path = join(folder, name);
    await command(['executions', 'export', '--database', database, '--action', 'charge-card', '--out', path]);
    const manifest = JSON.parse(readFileSync(`${path}.manifest.json`, 'utf8'));
    expect(manifest).toMatchObject({
      content: 'executions',
      rows: 10,
      filter: { actionId: 'charge-card' },
      chain: null,
    });
    expect(await verify([path])).toMatchObject({ code: 0, out: expect.stringContaining('as its manifest states') });
    writeFileSync(path, 'changed');
    expect((await verify([path])).code).toBe(1);
  }
  const manifest = join(folder, 'of-stdout.json');
  const { out } = await command(['audit', 'export', '--database', database, '--manifest', manifest]);
  expect(JSON.parse(readFileSync(manifest, 'utf8'))).toMatchObject({ file: 'stdout', bytes: out.length });
});
