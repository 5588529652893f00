// Tools that operators use: pandas reads the file of a running receiver; pandas, DuckDB and a spreadsheet read the exports.
//
// DuckDB reads SQLite files by an extension that it downloads, so it reads the exports only. Datasette is in neither npm nor
// Debian 12.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import type { Store } from '../../src/store/port.ts';
import { command, openStore } from '../cli/harness.ts';
import { anExecution, callback, completed } from '../support/executions.ts';
import { keptFolder } from '../support/temporary.ts';

const START = Date.UTC(2026, 0, 31, 12);
const MINUTE_MS = 60_000;
const DUCKDB = '@duckdb/node-api@1.5.6-r.1';
/** The Python of the system has the packages of the system. */
const PYTHON = '/usr/bin/python3';

/** Texts that a reader corrupts which guesses the encoding, the separator or the type. */
const TEXTS = ['Grüße, 😀', 'two\nlines', 'a "quoted"; word', '=1+1', '007', '2026-01-31', 'NULL', ''];
/** Apps choose correlation ids, also some that look like numbers and times. */
const IDS = ['order-1', '007', '1e5', '2026-01-31', '9007199254740993', 'TRUE', 'NULL', 'nan'];

const folder = keptFolder();
const path = join(folder, 'receiver.db');
let csv: string;
let ndjson: string;

beforeAll(async () => {
  // The store stays open: everything is read beside a writer.
  const { store } = openStore(path);
  for (const [index, text] of TEXTS.entries()) await addCompleted(store, index, text);
  csv = join(folder, 'executions.csv');
  ndjson = join(folder, 'executions.ndjson');
  for (const line of [`--format csv --bom --out ${csv}`, `--format ndjson --out ${ndjson}`]) {
    expect(await command(`executions export ${line}`, { DATABASE_PATH: path })).toMatchObject({ code: 0 });
  }
  execFileSync('npm', ['install', '--silent', '--no-audit', '--no-fund', '--ignore-scripts', DUCKDB], { cwd: folder });
  return () => store.close();
}, 300_000);

/** Ends 2 s and `index` milliseconds after its submission. */
async function addCompleted(store: Store, index: number, text: string): Promise<void> {
  const at = START + index * MINUTE_MS;
  const execution = anExecution({ correlationId: IDS[index] ?? '', inputs: { text, amount: index } }, at);
  await store.add({ execution, fingerprint: 'print', queueCapacity: 100 });
  await store.record(execution.reference, callback(completed({ text })), at + 2_000 + index);
}

const submittedAt = (index: number) => new Date(START + index * MINUTE_MS).toISOString();

/** What each tool must read: the same as JSON.parse of each line of the NDJSON. */
const EXPECTED = TEXTS.map((text, index) => ({
  id: IDS[index],
  status: 'COMPLETED',
  submittedAt: submittedAt(index),
  totalLatencyMs: 2_000 + index,
  text,
}));

const PANDAS = `
import io, json, sqlite3, sys
import pandas

def rows(frame, text):
    return [
        {"id": one.correlationId, "status": one.status, "submittedAt": one.submittedAt.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
         "totalLatencyMs": int(one.totalLatencyMs), "text": text(one.result)}
        for one in frame.itertuples()
    ]

database, csv, ndjson = sys.argv[1:]
client = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
live = pandas.read_sql_query(
    "SELECT correlation_id AS correlationId, status, submitted_at AS submittedAt, total_latency_ms AS totalLatencyMs, result "
    "FROM executions ORDER BY reference", client, parse_dates=["submittedAt"])
latency = pandas.read_sql_query("SELECT * FROM action_latency", client)
table = pandas.read_csv(csv, parse_dates=["submittedAt"], dtype={"correlationId": str}, keep_default_na=False)
lines = pandas.read_json(ndjson, lines=True, dtype={"correlationId": str}, convert_dates=["submittedAt"])
of_text = lambda result: json.loads(result)["text"]
print(json.dumps({
    "live": rows(live, of_text),
    "csv": rows(table, of_text),
    "ndjson": rows(lines, lambda result: result["text"]),
    "types": {name: str(dtype) for name, dtype in latency.dtypes.items()},
}))
`;

test('pandas reads the file beside the receiver, and both exports, without loss', () => {
  const output = execFileSync(PYTHON, ['-c', PANDAS, path, csv, ndjson], { encoding: 'utf8' });
  const { live, csv: table, ndjson: lines, types } = JSON.parse(output);
  expect(live).toEqual(EXPECTED);
  expect(table).toEqual(EXPECTED);
  expect(lines).toEqual(EXPECTED);
  const integers = { count: 'int64', p50: 'int64', p95: 'int64', p99: 'int64' };
  expect(types).toEqual({ action_id: 'object', resolved_by: 'object', ...integers });
});

test('DuckDB reads both exports without loss, with ids as text and times as times', async () => {
  const resolve = createRequire(join(folder, 'package.json')).resolve;
  const { DuckDBInstance } = await import(pathToFileURL(resolve('@duckdb/node-api')).href);
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const read = async (source: string) => {
    const reader = await connection.runAndReadAll(`
      SELECT correlationId AS id, status, strftime(submittedAt::TIMESTAMPTZ AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%gZ') AS submittedAt,
        totalLatencyMs::INTEGER AS totalLatencyMs, result ->> '$.text' AS text
      FROM ${source}`);
    return reader.getRowObjectsJson();
  };
  const types =
    "{'correlationId': 'VARCHAR', 'submittedAt': 'VARCHAR', 'result': 'JSON', 'status': 'VARCHAR', 'totalLatencyMs': 'BIGINT'}";
  expect(await read(`read_csv('${csv}', types = ${types})`)).toEqual(EXPECTED);
  expect(await read(`read_ndjson('${ndjson}', columns = ${types})`)).toEqual(EXPECTED);
  connection.closeSync();
});

/** The choices of LibreOffice's import dialog: comma, double quote, UTF-8, from the first line, and ids as text. */
const IMPORT = 'CSV:44,34,76,1,1/2';
const EXPORT = 'csv:Text - txt - csv (StarCalc):44,34,76';

test('a spreadsheet opens the CSV export in its columns, keeps texts and ids as they are, and evaluates nothing', () => {
  const sheets = join(folder, 'sheets');
  const convert = (file: string, to: string, ...options: readonly string[]) => {
    const profile = `-env:UserInstallation=${pathToFileURL(join(folder, 'office'))}`;
    const args = [profile, '--headless', ...options, '--convert-to', to, '--outdir', sheets, file];
    execFileSync('soffice', args, { stdio: 'pipe' });
  };
  convert(csv, 'xlsx', `--infilter=${IMPORT}`);
  convert(join(sheets, 'executions.xlsx'), EXPORT);
  const again = readFileSync(join(sheets, 'executions.csv'), 'utf8').replace(/^\ufeff/, '');
  const [heading, ...lines] = again.trimEnd().split('\n');
  expect(heading).toMatch(/^correlationId,actionId,executionId,status,resolvedBy,submittedAt,/);
  expect(lines.map((line) => line.split(',')[0])).toEqual(IDS);
  for (const [index, line] of lines.entries()) {
    expect(line.split(',').slice(3, 6)).toEqual(['COMPLETED', 'callback', submittedAt(index)]);
    expect(line).toContain(`"${JSON.stringify({ text: TEXTS[index] }).replaceAll('"', '""')}"`);
  }
}, 120_000);
