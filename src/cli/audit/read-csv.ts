// Reads the rows of exports. CSV (RFC 4180) is read one row at a time, without the apostrophe that keeps spreadsheets from running a text.

import { basename } from 'node:path';
import { isJsonObject, type Json, type JsonObject, readJson } from '../../execution/json.ts';
import { CommandError } from '../context.ts';
import { isCsv, openText, readNdjson } from './read-export.ts';

const NUMBERS = new Set(
  ['id', 'latencyMs', 'httpStatus', 'totalLatencyMs', 'pollCount', 'attempts', 'timeoutSeconds', 'graceSeconds'].concat(
    'priority',
  ),
);
const JSON_FIELDS = new Set(['detail', 'inputs', 'context', 'result', 'error', 'lateResult']);

/** Yields the rows of an export, CSV or NDJSON. @throws {CommandError} */
export const readRows = (path: string) => (isCsv(path) ? readCsv(path) : readNdjson(path));

/** Yields the rows as the NDJSON of the same export has them, by the names in the header. @throws {CommandError} */
async function* readCsv(path: string): AsyncGenerator<JsonObject, void, undefined> {
  let names: readonly string[] | null = null;
  let number = 0;
  for await (const fields of csvRecords(openText(path).setEncoding('utf8'))) {
    number += 1;
    if (names === null) {
      names = fields.map((field) => field.replace(/^\uFEFF/, ''));
      continue;
    }
    if (fields.length !== names.length) {
      throw new CommandError(
        `${basename(path)}: row ${number} has ${fields.length} fields, and the header ${names.length}`,
      );
    }
    yield Object.fromEntries(names.map((name, index) => [name, fieldValue(name, fields[index] ?? '')]));
  }
}

function fieldValue(name: string, field: string): Json {
  const text = field.startsWith("'") ? field.slice(1) : field;
  if (text === '') return null;
  if (NUMBERS.has(name)) return Number(text);
  if (name === 'retryUncertain') return text === 'true';
  return JSON_FIELDS.has(name) ? jsonOrText(text) : text;
}

/** An object is JSON in its field; a text stands as it is. */
function jsonOrText(text: string): Json {
  try {
    const value = readJson(text);
    return isJsonObject(value) || Array.isArray(value) ? value : text;
  } catch {
    return text;
  }
}

/** A field with the comma or line end behind it. A quoted field may contain all of them, and each quote twice. */
const FIELD = /(?:"([^"]*(?:""[^"]*)*)"|([^",\r\n]*))(,|\r?\n)/y;

/** Splits text that arrives in pieces into records. */
async function* csvRecords(pieces: AsyncIterable<string>): AsyncGenerator<string[], void, undefined> {
  let rest = '';
  let fields: string[] = [];
  for await (const piece of pieces) {
    rest += piece;
    let read = 0;
    for (let found = fieldAt(rest, read); found !== null; found = fieldAt(rest, read)) {
      const [all, quoted, plain = '', end] = found;
      read += all.length;
      fields.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
      if (end === ',') continue;
      yield fields;
      fields = [];
    }
    rest = rest.slice(read);
  }
  if (rest !== '' || fields.length > 0) throw new CommandError('the last row of the CSV is not complete');
}

function fieldAt(text: string, index: number): RegExpExecArray | null {
  FIELD.lastIndex = index;
  return FIELD.exec(text);
}
