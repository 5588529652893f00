// `executions export` and `audit export`: everything that matches, exactly, in constant memory, without delays for others.

import { createReadStream, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { csvLine } from '../../src/lib/lines.ts';
import { openReadOnly } from '../../src/store/sqlite/file/open-readonly.ts';
import { scanAuditTrail } from '../../src/store/sqlite/queries/audit.ts';
import { scanExecutions } from '../../src/store/sqlite/queries/executions.ts';
import { anExecution, callback, completed } from '../support/executions.ts';
import { run, runCommand } from '../support/process.ts';
import { keptFolder, temporaryFolder } from '../support/temporary.ts';
import { CROWD_START, crowdedDatabase } from './crowd.ts';
import { command, openStore, writtenDatabase } from './harness.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const MANY = 200_000;

function reading(path: string): Database.Database {
  const sql = new Database(path, { readonly: true });
  onTestFinished(() => void sql.close());
  return sql;
}

describe('many', () => {
  // Together the rows are several times what the process may keep in memory.
  const small = { NODE_OPTIONS: '--max-old-space-size=64' };

  test('200,000 executions pass through a process with little memory, and equal the database row by row', async () => {
    const path = crowdedDatabase(MANY, 600);
    const out = join(temporaryFolder(), 'executions.ndjson');
    const env = { DATABASE_PATH: path, ...small };
    const { code, stderr } = await run(['executions', 'export', '--out', out], env).finished;
    expect([code, stderr]).toEqual([0, expect.stringContaining(`${out}: 200,000 rows\n`)]);
    const rows = reading(path)
      .prepare<[], Record<string, string | null>>('SELECT * FROM executions ORDER BY reference')
      .iterate();
    let equal = 0;
    for await (const line of createInterface({ input: createReadStream(out) })) {
      const row = rows.next().value;
      const exported = JSON.parse(line);
      const { correlation_id, status, app, inputs, result, submitted_at } = row ?? {};
      const same =
        exported.correlationId === correlation_id &&
        exported.status === status &&
        exported.app === app &&
        exported.submittedAt === submitted_at &&
        JSON.stringify(exported.inputs) === inputs &&
        line.includes(`"result":${result},`);
      if (!same) throw new Error(`row ${equal}: ${line} is not ${JSON.stringify(row)}`);
      equal += 1;
    }
    expect([equal, rows.next().done]).toEqual([MANY, true]);
  });

  test('50,000 audit entries as CSV, likewise', async () => {
    const path = crowdedDatabase(50_000);
    const out = join(temporaryFolder(), 'audit.csv');
    const { code } = await run(['audit', 'export', '--out', out], { DATABASE_PATH: path, ...small }).finished;
    expect(code).toBe(0);
    const rows = reading(path).prepare<[], Record<string, string>>('SELECT * FROM audit_events ORDER BY id').iterate();
    let count = -1;
    for await (const line of createInterface({ input: createReadStream(out), crlfDelay: Number.POSITIVE_INFINITY })) {
      count += 1;
      if (count === 0) continue;
      const { id, timestamp, correlation_id, app, hash } = rows.next().value ?? {};
      const wanted = `${id},${timestamp},ACCEPTED,charge-card,${correlation_id},,,,${app},{},${hash}`;
      if (line !== wanted) throw new Error(`row ${count}: ${line} is not ${wanted}`);
    }
    expect([count, rows.next().done]).toEqual([50_000, true]);
  });

  test('ends quietly when the reader closes the pipe', async () => {
    const line = `set -o pipefail; "$NODE" "$MAIN" executions export | head -n 2 | wc -l`;
    const env = { DATABASE_PATH: crowdedDatabase(20_000), NODE: process.execPath, MAIN };
    const { code, stdout, stderr } = await runCommand('bash', ['-c', line], env).finished;
    expect([code, stdout.trim(), stderr]).toEqual([0, '2', '']);
  });
});

describe('beside a receiver', () => {
  test.each(['executions', 'audit'] as const)('%s: between two stretches the WAL can be reset', (what) => {
    const path = crowdedDatabase(3_000);
    const writer = new Database(path);
    onTestFinished(() => void writer.close());
    const client = openReadOnly(path);
    onTestFinished(() => void client.close());
    const stretches =
      what === 'audit'
        ? scanAuditTrail(client, {}, 'oldest-first')
        : scanExecutions(client, { app: null }, 'oldest-first');
    let [looks, found] = [0, 0];
    for (const stretch of stretches) {
      writer.exec(`UPDATE heartbeat SET at = 'look ${looks}'`);
      expect(writer.pragma('wal_checkpoint(RESTART)')).toEqual([expect.objectContaining({ busy: 0 })]);
      found += stretch.found.length;
      looks += 1;
    }
    expect([found, looks > 3]).toEqual([3_000, true]);
  });

  test('what comes after it began is not in it, so that it ends', async () => {
    const { store, path } = openStore();
    onTestFinished(() => store.close());
    for (let i = 0; i < 3; i += 1) {
      await store.add({ execution: anExecution(), fingerprint: 'print', queueCapacity: 100 });
    }
    const client = openReadOnly(path);
    onTestFinished(() => void client.close());
    const stretches = scanAuditTrail(client, {}, 'oldest-first');
    const first = stretches.next().value;
    await store.add({ execution: anExecution(), fingerprint: 'print', queueCapacity: 100 });
    const rest = [...stretches].flatMap(({ found }) => found);
    expect([first?.found.length, rest.length]).toEqual([3, 0]);
  });
});

describe('filters', () => {
  const folder = keptFolder();
  let path = '';
  beforeAll(() => {
    path = crowdedDatabase(12_000, 100, folder);
  });

  const count = async (line: string, path: string) => {
    const { code, out } = await command(line, { DATABASE_PATH: path });
    expect(code).toBe(0);
    return out.split('\n').length - 1;
  };

  test.each([
    ['executions export', 12_000],
    ['executions export --status TIMEOUT', 1_200],
    ['executions export --status completed --app billing', 3_600],
    ['executions export --app billing', 4_000],
    ['executions export --app unknown', 0],
    ['executions export --action other', 0],
    ['executions export --from 2026-01-01T01:00:00Z --to 2026-01-01T01:01:00Z', 60],
    ['executions export --to 2026-01-01T00:00:01Z', 1],
    ['executions export --id order-1199', 11],
    ['audit export', 12_000],
    ['audit export --app billing', 4_000],
    ['audit export --event ACCEPTED --from 2026-01-01T03:00:00Z', 1_200],
    ['audit export --id order-17', 1],
    ['audit export --event CANCELLED', 0],
  ])('%s: %i rows', async (line, rows) => {
    expect(await count(line, path)).toBe(rows);
  });
});

describe('NDJSON', () => {
  test('has one line for each row, also for a reader that ends lines at U+0085, U+2028 and U+2029', async () => {
    const { store, path } = openStore();
    const text = 'a\u2028b\u2029c\u0085d';
    const execution = anExecution({ inputs: { text } });
    await store.add({ execution, fingerprint: 'print', queueCapacity: 100 });
    for (const result of [text, { text }])
      await store.record(execution.reference, callback(completed(result)), execution.submittedAt);
    await store.close();
    for (const line of ['executions export', 'audit export']) {
      const { code, out } = await command(line, { DATABASE_PATH: path });
      expect([code, out]).toEqual([0, expect.not.stringMatching(/[\u0085\u2028\u2029]/)]);
      const rows = out
        .split('\n')
        .slice(0, -1)
        .map((row) => JSON.parse(row));
      expect(rows.flatMap(({ result, detail }) => result ?? detail.result?.text ?? [])).toEqual([text]);
    }
  });
});

describe('CSV', () => {
  test('has a line of names, and the same members as NDJSON, payloads too unless they are left out', async () => {
    const path = await writtenDatabase(2);
    for (const [flags, payloads] of [
      ['', true],
      [' --no-payloads', false],
    ] as const) {
      const ndjson = await command(`executions export${flags}`, { DATABASE_PATH: path });
      const csv = await command(`executions export --format csv${flags}`, { DATABASE_PATH: path });
      const members = Object.keys(JSON.parse(ndjson.out.split('\n')[0] ?? ''));
      const names = csv.out.split('\r\n')[0]?.split(',') ?? [];
      expect(names.toSorted()).toEqual(members.toSorted());
      expect(names.includes('inputs')).toBe(payloads);
      expect(csv.out.split('\r\n')).toHaveLength(4);
    }
  });

  test.each([
    ['plain', 'plain'],
    ['a,b', '"a,b"'],
    ['say "hi"', '"say ""hi"""'],
    ['two\r\nlines', '"two\r\nlines"'],
    [' padded ', '" padded "'],
    ['=1+1', "'=1+1"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', `"'\t=1"`],
    ['\uff1d1', "'\uff1d1"],
    ["'=1", "''=1"],
    ['=HYPERLINK("http://x","y")', `"'=HYPERLINK(""http://x"",""y"")"`],
    [-5, '-5'],
    [null, ''],
    [true, 'true'],
    [{ a: 1 }, '"{""a"":1}"'],
  ])('%j is written as %s', (value, written) => {
    expect(csvLine([value, 1])).toBe(`${written},1\r\n`);
  });
});

describe('--bom', () => {
  test.each([
    'executions export',
    'executions export --no-payloads',
    'executions export --status TIMEOUT',
    'audit export',
    'audit export --event CANCELLED',
  ])('%s begins CSV with a byte order mark, once, and is otherwise the same', async (line) => {
    const env = { DATABASE_PATH: await writtenDatabase(2) };
    const plain = await command(`${line} --format csv`, env);
    const marked = await command(`${line} --format csv --bom`, env);
    expect([marked.code, marked.err]).toEqual([0, plain.err]);
    expect(marked.out).toBe(`\uFEFF${plain.out}`);
    expect(plain.out.startsWith('\uFEFF')).toBe(false);
  });

  test('is three bytes of UTF-8 at the beginning of a file', async () => {
    const out = join(temporaryFolder(), 'rows.CSV');
    const { code } = await command(`audit export --out ${out} --bom`, { DATABASE_PATH: await writtenDatabase(1) });
    expect(code).toBe(0);
    expect(readFileSync(out).subarray(0, 6)).toEqual(Buffer.from('\xEF\xBB\xBFid,', 'latin1'));
  });

  test.each([
    '--bom',
    '--bom --format ndjson',
    '--bom --out FOLDER/rows.ndjson',
    '--bom --out FOLDER/rows.csv --format ndjson',
  ])('is rejected for NDJSON, with the remedy, and no file is written: %s', async (flags) => {
    const folder = temporaryFolder();
    const line = `executions export ${flags.replace('FOLDER', folder)}`;
    const { code, out, err } = await command(line, { DATABASE_PATH: await writtenDatabase(1) });
    expect([code, out]).toEqual([2, '']);
    expect(err).toBe('--bom requires CSV, and NDJSON has no byte order mark: add --format csv, or omit --bom\n');
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('--out', () => {
  test('writes a private file and takes its format from the ending of its name', async () => {
    const out = join(temporaryFolder(), 'rows.csv');
    const { code } = await command(`executions export --out ${out}`, { DATABASE_PATH: await writtenDatabase(3) });
    expect([code, statSync(out).mode & 0o777]).toEqual([0, 0o600]);
    expect(readFileSync(out, 'utf8')).toMatch(/^correlationId,actionId,/);
    expect(readdirSync(dirname(out))).toEqual(['rows.csv', 'rows.csv.manifest.json']);
    expect(statSync(`${out}.manifest.json`).mode & 0o777).toBe(0o600);
  });

  test.each([
    ['the file itself', 'rows.csv', /exists: nothing is overwritten/],
    ['another export under way', 'rows.csv.partial', /another export is running/],
  ])('leaves alone what is there: %s', async (_, there, message) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, there), 'precious');
    const line = `executions export --out ${join(folder, 'rows.csv')}`;
    const { code, err } = await command(line, { DATABASE_PATH: await writtenDatabase(1) });
    expect([code, err]).toEqual([2, expect.stringMatching(message)]);
    expect(readFileSync(join(folder, there), 'utf8')).toBe('precious');
    expect(readdirSync(folder)).toEqual([there]);
  });

  test('without its manifest there is no file', async () => {
    const folder = temporaryFolder();
    const [out, manifest] = [join(folder, 'audit.csv'), join(folder, 'audit.csv.manifest.json')];
    // Another program takes the name of the manifest while rows are written.
    const taking = {
      get aborted() {
        writeFileSync(manifest, 'precious');
        return false;
      },
    } as AbortSignal;
    const env = { DATABASE_PATH: await writtenDatabase(1) };
    const around = { interrupted: () => taking };
    const { code, err } = await command(`audit export --out ${out}`, env, false, around);
    expect([code, err]).toEqual([2, `${manifest} was created in the meantime: nothing is overwritten\n`]);
    expect(readdirSync(folder)).toEqual(['audit.csv.manifest.json']);
    expect(readFileSync(manifest, 'utf8')).toBe('precious');
  });

  test('interrupted it leaves no file, and ends with 2', async () => {
    const folder = temporaryFolder();
    const stop = new AbortController();
    stop.abort();
    const env = { DATABASE_PATH: await writtenDatabase(3) };
    const line = `audit export --out ${join(folder, 'audit.csv')}`;
    const { code, err } = await command(line, env, false, { interrupted: () => stop.signal });
    expect([code, err]).toEqual([2, 'Interrupted after 6 rows; no file was written\n']);
    expect(readdirSync(folder)).toEqual([]);
  });
});

test('numbers that a double cannot hold keep every digit', async () => {
  const { store, path } = openStore();
  onTestFinished(() => store.close());
  const exact = JSON.rawJSON('12345678901234567890') as unknown as string;
  const execution = anExecution({ inputs: { exact } });
  await store.add({ execution, fingerprint: 'print', queueCapacity: 10 });
  await store.record(execution.reference, callback(completed({ exact })), CROWD_START);
  const { out } = await command('executions export', { DATABASE_PATH: path });
  expect(out.match(/"exact":12345678901234567890\b/g)).toHaveLength(2);
});
