// Reads exported files: their kind, their manifest, and their rows one at a time, compressed or not.

import { closeSync, createReadStream, existsSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { isJsonObject, type Json, type JsonObject, readJson, scalarText } from '../../execution/json.ts';
import { type ExportManifest, manifestName, readManifest, tallyBytes } from '../../store/export-manifest.ts';
import type { AuditRow } from '../../store/shared/audit-rows.ts';
import { CommandError } from '../context.ts';

/** Returns true for a file that has the name or the beginning of an export: NDJSON, CSV, or one of them compressed. */
export function isExport(path: string): boolean {
  if (/\.(?:ndjson|csv)(?:\.gz)?$/i.test(path)) return true;
  return existsSync(path) && statSync(path).isFile() && (isGzip(path) || beginningOf(path)[0] === 0x7b);
}

function isGzip(path: string): boolean {
  const [first, second] = beginningOf(path);
  return first === 0x1f && second === 0x8b;
}

function beginningOf(path: string): Buffer {
  const bytes = Buffer.alloc(2);
  const file = openSync(path, 'r');
  try {
    return bytes.subarray(0, readSync(file, bytes));
  } finally {
    closeSync(file);
  }
}

/** Returns the manifest beside a file; null without one. @throws {CommandError} if it cannot be read. */
export function manifestOf(path: string): ExportManifest | null {
  const beside = manifestName(path);
  if (!existsSync(beside)) return null;
  const manifest = readManifest(readFileSync(beside, 'utf8'));
  if (manifest === null) throw new CommandError(`${beside} is not a manifest that this version reads`);
  return manifest;
}

async function tallyOf(path: string) {
  const tally = tallyBytes();
  for await (const chunk of createReadStream(path)) tally.add(chunk as Buffer);
  return tally.result();
}

export async function hashOfFile(path: string): Promise<string> {
  return (await tallyOf(path)).sha256;
}

export function isCsv(path: string): boolean {
  return /\.csv(?:\.gz)?$/i.test(path);
}

/** Returns how a file differs from its manifest; null if it does not. */
export async function manifestProblem(path: string, manifest: ExportManifest): Promise<string | null> {
  const { bytes, sha256 } = await tallyOf(path);
  if (bytes !== manifest.bytes) return `it has ${bytes} bytes, and ${manifest.bytes} in its manifest`;
  return sha256 === manifest.sha256 ? null : 'its SHA-256 is not that of its manifest';
}

/** Opens the text of a file, and expands gzip. The reader of the text gets failures. */
export function openText(path: string): Readable {
  if (!existsSync(path)) throw new CommandError(`${path} does not exist`);
  const source = createReadStream(path);
  // The failure of either stream destroys the other one, and is found in `errored`.
  return isGzip(path) ? pipeline(source, createGunzip(), () => {}) : source;
}

/** Yields the objects of NDJSON. @throws {CommandError} with the number of a line that is not one. */
export async function* readNdjson(path: string): AsyncGenerator<JsonObject, void, undefined> {
  let number = 0;
  for await (const line of linesOf(path)) {
    number += 1;
    if (line === '') continue;
    const row = parsed(line);
    if (!isJsonObject(row)) throw new CommandError(`${basename(path)}: line ${number} is not a JSON object`);
    yield row;
  }
}

/**
 * Yields the lines of a text file. readline of Node 24 would also end them at U+2028 and U+2029, which JSON texts may contain.
 * @throws {CommandError} if the file cannot be read or expanded to its end.
 */
async function* linesOf(path: string): AsyncGenerator<string, void, undefined> {
  let rest = '';
  try {
    for await (const chunk of openText(path).setEncoding('utf8')) {
      rest += chunk as string;
      // A long line is divided once it is complete, not for each of its chunks.
      if (!(chunk as string).includes('\n')) continue;
      const lines = rest.split(/\r?\n/);
      rest = lines.pop() ?? '';
      yield* lines;
    }
  } catch (error) {
    throw unreadable(path, error as Error);
  }
  yield rest;
}

function unreadable(path: string, { message }: Error): CommandError {
  return new CommandError(`${basename(path)} cannot be read: ${message}`);
}

function parsed(line: string): Json {
  try {
    return readJson(line);
  } catch {
    return null;
  }
}

/** Returns the audit entry in a row of an export: as the API has it, or as the table has it. Null for any other row. */
export function auditRowIn(row: JsonObject): AuditRow | null {
  if (row['type'] === 'audit_event') {
    const { action_id, correlation_id, execution_id, latency_ms, http_status, ...rest } = row;
    return auditRowOf({
      ...rest,
      ...{ actionId: action_id, correlationId: correlation_id, executionId: execution_id },
      ...{ latencyMs: latency_ms, httpStatus: http_status },
    });
  }
  const isEntry = row['type'] === undefined && typeof row['hash'] === 'string' && 'event' in row && 'detail' in row;
  return isEntry ? auditRowOf({ ...row, detail: JSON.stringify(row['detail']) }) : null;
}

function auditRowOf(row: { readonly [name: string]: Json | undefined }): AuditRow {
  const text = (name: string) => String(row[name] ?? '');
  const textOrNull = (name: string) => scalarText(row[name]);
  const numberOrNull = (name: string) => (scalarText(row[name]) === null ? null : Number(scalarText(row[name])));
  return {
    id: Number(scalarText(row['id']) ?? Number.NaN),
    timestamp: text('timestamp'),
    event: text('event'),
    actionId: text('actionId'),
    correlationId: text('correlationId'),
    executionId: textOrNull('executionId'),
    latencyMs: numberOrNull('latencyMs'),
    httpStatus: numberOrNull('httpStatus'),
    app: text('app'),
    detail: text('detail'),
    hash: text('hash'),
  };
}
