#!/usr/bin/env bash
# Does statement_timeout end a statement whose client has stopped reading, for example a process that is stopped or busy?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql) with pg 8.23.1.
# Guess:     Yes: the server ends it after the time, and releases its locks; if not, pg_cancel_backend does, and returns true.
# Behaviour: Neither does. Ten times the timeout later the statement is active in ClientWrite and its rows are locked. pg_cancel_backend
#            returns true and changes nothing. The error comes once the client reads again, after rows that it has handled by then.
# Why the guess is wrong: while a message is being sent, the server acts on pg_terminate_backend only: an error in the middle of a message
#            would break the protocol. Cancels and timeouts wait until the socket accepts the rest.
# Source:    PostgreSQL, src/backend/tcop/postgres.c, ProcessClientWriteInterrupt ("only ... ProcDiePending"); documentation, 20.11.
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
npm install --silent --no-audit --no-fund --ignore-scripts pg@8.23.1
cat >probe.mjs <<'JS'
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

const connect = async () => {
  const client = new pg.Client();
  client.on('error', () => {});
  await client.connect();
  return client;
};
const observer = await connect();
await observer.query("CREATE TABLE jobs AS SELECT n AS id, repeat('x', 1000000) AS input FROM generate_series(1, 20) AS n");
const stopped = await connect();
await stopped.query("SET statement_timeout = '300ms'");
let rows = 0;
const query = new pg.Query('SELECT * FROM jobs ORDER BY id FOR UPDATE');
query.on('row', () => rows++);
const end = new Promise((resolve) => query.on('error', (error) => resolve(error.message)).on('end', () => resolve('no error')));
stopped.query(query);
stopped.connection.stream.pause();
const look = async () => {
  const { rows: activity } = await observer.query('SELECT state, wait_event FROM pg_stat_activity WHERE pid = $1', [stopped.processID]);
  const free = await observer.query('SELECT id FROM jobs WHERE id = 1 FOR UPDATE SKIP LOCKED');
  return `${activity[0].state}, ${activity[0].wait_event}, job 1 is ${free.rowCount === 0 ? 'locked' : 'free'}`;
};
await sleep(3000);
console.log(`after 10 times the timeout: ${await look()}`);
const cancel = await observer.query('SELECT pg_cancel_backend($1) AS result', [stopped.processID]);
await sleep(1000);
console.log(`pg_cancel_backend: ${cancel.rows[0].result}; a second later: ${await look()}`);
stopped.connection.stream.resume();
console.log(`the client has read: ${await end}, after ${rows > 0 && rows < 20 ? 'some of the rows' : `${rows} rows`}`);
console.log(`then: ${(await observer.query('SELECT id FROM jobs FOR UPDATE SKIP LOCKED')).rowCount} of 20 jobs are free`);
const ended = await connect();
ended.query(new pg.Query('SELECT * FROM jobs ORDER BY id FOR UPDATE').on('error', () => {}));
ended.connection.stream.pause();
await sleep(1000);
await observer.query('SELECT pg_terminate_backend($1, 5000)', [ended.processID]);
console.log(`after pg_terminate_backend of another such client: ${(await observer.query('SELECT id FROM jobs FOR UPDATE SKIP LOCKED')).rowCount} of 20 jobs are free`);
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
after 10 times the timeout: active, ClientWrite, job 1 is locked
pg_cancel_backend: true; a second later: active, ClientWrite, job 1 is locked
the client has read: canceling statement due to statement timeout, after some of the rows
then: 20 of 20 jobs are free
after pg_terminate_backend of another such client: 20 of 20 jobs are free
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: neither statement_timeout nor pg_cancel_backend ends a statement whose client does not read; its locks stay until the client reads again"
