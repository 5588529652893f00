#!/usr/bin/env bash
# With `pipeline: true` of pg, what happens to statements behind one that fails, and to those that are in flight at `end()`?
#
# Versions:  pg 8.23.1, PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     Each statement has its own outcome, as without a pipeline: it is followed by a Sync, so that the server starts afresh after a
#            failed one. `end()` ends the connection as it does without a pipeline.
# Behaviour: Unnamed statements have their own outcomes. Of named ones, the first use sends the text and those behind it the name alone:
#            if the first one cannot be prepared, for example because a table is locked for longer than lock_timeout, all that are in flight
#            fail with 26000 (prepared statement does not exist), which no retry for lock timeouts expects. `end()` waits for all responses,
#            without a limit. Without a pipeline it closes the connection at once.
# Why the guess is wrong: pg counts a name as prepared as soon as it has sent the text. It removes the name when the error arrives, and the
#            other uses are on their way by then. `end()` waits for the event `drain` before it says goodbye.
# Source:    pg, lib/query.js (`hasBeenParsed`), lib/client.js (`end`); PostgreSQL documentation, 55.2.3 (extended query).
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

const other = new pg.Client();
await other.connect();
await other.query('CREATE TABLE jobs AS SELECT 1 AS id');
await other.query('BEGIN; LOCK TABLE jobs; SELECT pg_advisory_lock(1)');
for (const pipeline of [false, true]) {
  const client = new pg.Client({ pipeline });
  client.on('error', () => {});
  await client.connect();
  await client.query("SET lock_timeout = '200ms'");
  const outcomes = async (query) => {
    const settled = await Promise.allSettled([query(), query(), query()]);
    return settled.map(({ value, reason }) => reason?.code ?? value.rows.length).join(', ');
  };
  const kind = pipeline ? 'pipeline' : 'one after the other';
  console.log(`${kind}: without a name: ${await outcomes(() => client.query('SELECT id FROM jobs WHERE id = $1', [1]))}`);
  console.log(`${kind}: with a name: ${await outcomes(() => client.query({ name: 'find', text: 'SELECT id FROM jobs WHERE id = $1', values: [1] }))}`);
  await client.query('SET lock_timeout = 0');
  client.query('SELECT pg_advisory_lock($1)', [1]).catch(() => {});
  const ended = client.end().then(() => 'has ended the connection');
  console.log(`${kind}: end() ${await Promise.race([ended, sleep(2000, 'still waits after two seconds')])}`);
}
process.exit(0);
JS
seen="$(node --no-warnings probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
one after the other: without a name: 55P03, 55P03, 55P03
one after the other: with a name: 55P03, 55P03, 55P03
one after the other: end() has ended the connection
pipeline: without a name: 55P03, 55P03, 55P03
pipeline: with a name: 55P03, 26000, 26000
pipeline: end() still waits after two seconds
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: in a pipeline of pg, named statements behind one that could not be prepared fail with 26000, and end() waits for every response"
