#!/usr/bin/env bash
# Which timeout of PostgreSQL ends a cursor of pg-cursor that has read some rows and reads no more?
#
# Versions:  pg-cursor 2.22.0 with pg 8.23.1, PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     idle_in_transaction_session_timeout: nothing runs, and the rows that it has read are locked. Otherwise statement_timeout.
# Behaviour: None of the two, nor idle_session_timeout, nor pg_cancel_backend. The session is `active` in ClientRead, and its rows stay
#            locked. The next read then fails with a statement timeout, although the statement had run for milliseconds. A transaction that
#            was opened with BEGIN and waits equally long is ended in time.
# Why the guess is wrong: pg-cursor ends its messages with Flush instead of Sync, so that the server has not finished the statement and
#            waits for the next message of it. That is not idle. A timeout or cancel while it reads from the client is acted on later.
# Source:    pg-cursor, index.js (`flush`); PostgreSQL documentation, 55.2.3 (extended query), 20.11.1.
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
npm install --silent --no-audit --no-fund --ignore-scripts pg@8.23.1 pg-cursor@2.22.0
cat >probe.mjs <<'JS'
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import Cursor from 'pg-cursor';

const observer = new pg.Client();
await observer.connect();
await observer.query('CREATE TABLE jobs AS SELECT generate_series(1, 3) AS id');
const connect = async () => {
  const client = new pg.Client();
  client.on('error', () => {});
  await client.connect();
  for (const name of ['statement_timeout', 'idle_in_transaction_session_timeout', 'idle_session_timeout']) await client.query(`SET ${name} = '300ms'`);
  return client;
};
const look = async ({ processID }) => {
  const { rows } = await observer.query('SELECT state, wait_event FROM pg_stat_activity WHERE pid = $1', [processID]);
  const free = await observer.query('SELECT id FROM jobs WHERE id = 1 FOR UPDATE SKIP LOCKED');
  return `${rows.length === 0 ? 'session ended' : `${rows[0].state}, ${rows[0].wait_event}`}, job 1 is ${free.rowCount === 0 ? 'locked' : 'free'}`;
};
const SELECT = 'SELECT id FROM jobs ORDER BY id FOR UPDATE';

const transaction = await connect();
await transaction.query('BEGIN');
await transaction.query(SELECT);
await sleep(2000);
console.log(`BEGIN and SELECT, 2 s later: ${await look(transaction)}`);

const reader = await connect();
const cursor = reader.query(new Cursor(SELECT));
console.log(`the cursor reads: job ${(await cursor.read(1))[0].id}`);
await sleep(2000);
console.log(`2 s later: ${await look(reader)}`);
const { result } = (await observer.query('SELECT pg_cancel_backend($1) AS result', [reader.processID])).rows[0];
await sleep(500);
console.log(`pg_cancel_backend: ${result}; then: ${await look(reader)}`);
console.log(`the cursor reads on: ${await cursor.read(1).then(([row]) => `job ${row.id}`, (error) => error.message)}`);
console.log(`then: ${(await look(reader)).replace(/^idle, \w+|^session ended/, 'no statement')}`);
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
BEGIN and SELECT, 2 s later: session ended, job 1 is free
the cursor reads: job 1
2 s later: active, ClientRead, job 1 is locked
pg_cancel_backend: true; then: active, ClientRead, job 1 is locked
the cursor reads on: canceling statement due to statement timeout
then: no statement, job 1 is free
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: no timeout ends a cursor of pg-cursor that waits between two reads: the session counts as active, and its rows stay locked"
