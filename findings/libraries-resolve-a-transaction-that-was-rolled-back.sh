#!/usr/bin/env bash
# Which libraries report that the COMMIT of a transaction has rolled it back, if its function caught the error of one statement?
#
# Versions:  pg 8.23.1, postgres 3.4.9, drizzle-orm 0.45.4 (on both), knex 3.3.0, kysely 0.29.9, pg-promise 12.7.1, typeorm 1.1.1,
#            sequelize 6.37.8; PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     All of them: the transaction cannot be committed any more, so COMMIT is an error, and the promise of the transaction rejects.
# Behaviour: With pg itself and five libraries on it the promise resolves with the value of the function, and nothing is stored: a charge
#            is acknowledged and lost. kysely rejects; postgres rejects with the error that the function had caught.
# Why the guess is wrong: after an error PostgreSQL answers COMMIT with success and the tag ROLLBACK. Only who compares the tag, as kysely
#            does, or remembers the error, as postgres does, can know. A duplicate that is caught as "already there" is the usual case.
# Source:    PostgreSQL documentation, COMMIT; https://github.com/kysely-org/kysely (Transaction was rolled back instead of committed).
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
npm install --silent --no-audit --no-fund --ignore-scripts --legacy-peer-deps pg@8.23.1 postgres@3.4.9 drizzle-orm@0.45.4 knex@3.3.0 kysely@0.29.9 pg-promise@12.7.1 typeorm@1.1.1 sequelize@6.37.8
cat >probe.mjs <<'JS'
import { sql as raw } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { drizzle as drizzleOnPostgres } from 'drizzle-orm/postgres-js';
import knexOf from 'knex';
import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import promiseOf from 'pg-promise';
import postgresOf from 'postgres';
import { Sequelize } from 'sequelize';
import { DataSource } from 'typeorm';

const [host, user, database] = [process.env.PGHOST, 'probe', 'postgres'];
const pool = new pg.Pool({ host });
const postgres = postgresOf({ path: `${host}/.s.PGSQL.5432`, user, database });
const knex = knexOf({ client: 'pg', connection: { host, user, database } });
const kysely = new Kysely({ dialect: new PostgresDialect({ pool }) });
const promise = promiseOf({ noWarnings: true })({ host, user, database });
const typeorm = new DataSource({ type: 'postgres', host, username: user, database });
await typeorm.initialize();
const sequelize = new Sequelize({ dialect: 'postgres', host, username: user, database, logging: false });

// Each calls `work` with a function that runs a statement in the transaction.
const LIBRARIES = {
  pg: async (work) => {
    const client = await pool.connect();
    await client.query('BEGIN');
    const value = await work((text) => client.query(text));
    await client.query('COMMIT');
    client.release();
    return value;
  },
  'drizzle-orm on pg': (work) => drizzle(pool).transaction((tx) => work((text) => tx.execute(raw.raw(text)))),
  knex: (work) => knex.transaction((tx) => work((text) => tx.raw(text))),
  'pg-promise': (work) => promise.tx((tx) => work((text) => tx.none(text))),
  typeorm: (work) => typeorm.transaction((tx) => work((text) => tx.query(text))),
  sequelize: (work) => sequelize.transaction((transaction) => work((text) => sequelize.query(text, { transaction }))),
  kysely: (work) => kysely.transaction().execute((tx) => work((text) => sql.raw(text).execute(tx))),
  postgres: (work) => postgres.begin((tx) => work((text) => tx.unsafe(text))),
  'drizzle-orm on postgres': (work) => drizzleOnPostgres(postgres).transaction((tx) => work((text) => tx.execute(raw.raw(text)))),
};
for (const [name, run] of Object.entries(LIBRARIES)) {
  await pool.query("DROP TABLE IF EXISTS charges; CREATE TABLE charges (key text PRIMARY KEY); INSERT INTO charges VALUES ('old')");
  const outcome = await run(async (query) => {
    await query("INSERT INTO charges VALUES ('new')");
    await query("INSERT INTO charges VALUES ('old')").catch(() => {});
    return 'charged';
  }).then((value) => `resolves with ${value}`, (error) => `rejects: ${error.message}`);
  const { rowCount } = await pool.query("SELECT FROM charges WHERE key = 'new'");
  console.log(`${name} ${outcome}; stored: ${rowCount}`);
}
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
pg resolves with charged; stored: 0
drizzle-orm on pg resolves with charged; stored: 0
knex resolves with charged; stored: 0
pg-promise resolves with charged; stored: 0
typeorm resolves with charged; stored: 0
sequelize resolves with charged; stored: 0
kysely rejects: Transaction was rolled back instead of committed; stored: 0
postgres rejects: duplicate key value violates unique constraint "charges_pkey"; stored: 0
drizzle-orm on postgres rejects: duplicate key value violates unique constraint "charges_pkey"; stored: 0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: pg, drizzle-orm, knex, pg-promise, typeorm and sequelize resolve a transaction whose COMMIT rolled it back; kysely and postgres reject"
