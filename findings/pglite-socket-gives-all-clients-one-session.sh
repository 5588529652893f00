#!/usr/bin/env bash
# Do two clients of PGlite's socket server have sessions of their own, as two clients of a PostgreSQL have?
#
# Versions:  @electric-sql/pglite 0.5.14 (PostgreSQL 18), @electric-sql/pglite-socket 0.2.17, pg 8.23.1.
# Guess:     Yes: the server accepts up to `maxConnections` clients, and keeps a client out of a transaction of another one. What belongs to a
#            session, such as an advisory lock or a SET, belongs to one client.
# Behaviour: Both clients are one session. Both get the same advisory lock, so that an election has two leaders; a lock stays when its client
#            leaves; a SET and a temporary table of one hold for the other; both have one pg_backend_pid. statement_timeout has
#            no effect, and while a query runs, the timers of the process stand still.
# Why the guess is wrong: PGlite is one backend without other processes, signals or timers. The socket server queues the messages of its clients,
#            with turns that last as long as a transaction. Tests of locks, leaders and timeouts pass on it for the wrong reason.
# Source:    README of @electric-sql/pglite-socket (multiplexing); PGlite documentation: a single user and connection.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts --legacy-peer-deps @electric-sql/pglite@0.5.14 @electric-sql/pglite-socket@0.2.17 pg@8.23.1
cat >probe.mjs <<'JS'
import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import pg from 'pg';

const db = await PGlite.create();
const server = new PGLiteSocketServer({ db, host: '127.0.0.1', port: 0, maxConnections: 10 });
await server.start();
const port = Number(server.getServerConn().split(':').at(-1));
const connect = async () => {
  const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' });
  client.on('error', () => {});
  await client.connect();
  return client;
};
const value = async (client, sql) => Object.values((await client.query(sql)).rows[0])[0];
const [one, two] = [await connect(), await connect()];

await one.query('CREATE TABLE orders (id int)');
await one.query('BEGIN');
await one.query('INSERT INTO orders VALUES (1)');
const insert = two.query('INSERT INTO orders VALUES (2)');
await one.query('ROLLBACK');
await insert;
console.log(`a transaction that is rolled back, beside an insert: order ${await value(one, 'SELECT id FROM orders')} is stored`);

const locked = [];
for (const client of [one, two]) locked.push(await value(client, 'SELECT pg_try_advisory_lock(4711)'));
console.log(`the same advisory lock: one ${locked[0]}, two ${locked[1]}`);
await one.query("SET application_name = 'one'");
console.log(`application_name of two after a SET of one: ${await value(two, 'SHOW application_name')}`);
await one.query('CREATE TEMPORARY TABLE mine AS SELECT 17 AS n');
console.log(`a temporary table of one, read by two: ${await two.query('SELECT n FROM mine').then(({ rows }) => rows[0].n, (error) => error.message)}`);
const pids = [await value(one, 'SELECT pg_backend_pid()'), await value(two, 'SELECT pg_backend_pid()')];
console.log(`the same pg_backend_pid: ${pids[0] === pids[1]}`);
await one.end();
console.log(`one has left; locks of the server: ${await value(two, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")}`);

let ticks = 0;
setInterval(() => ticks++, 20);
await two.query("SET statement_timeout = '50ms'");
ticks = 0;
const outcome = await db.query('SELECT pg_sleep(0.5)').then(() => 'ends without an error', (error) => error.message);
console.log(`pg_sleep(0.5) with statement_timeout = 50ms: ${outcome}, ticks of a timer of 20 ms meanwhile: ${ticks}`);
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
a transaction that is rolled back, beside an insert: order 2 is stored
the same advisory lock: one true, two true
application_name of two after a SET of one: one
a temporary table of one, read by two: 17
the same pg_backend_pid: true
one has left; locks of the server: 1
pg_sleep(0.5) with statement_timeout = 50ms: ends without an error, ticks of a timer of 20 ms meanwhile: 0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: no, all clients of PGlite's socket server are one session: an advisory lock is given to each of them, and no timeout ends a statement"
