#!/usr/bin/env bash
# What does a reader of changes get as "new" of UPDATE executions SET status = 'done', if the row has a result of 12 kB in another column?
#
# Versions:  pg-logical-replication 2.5.0, pg 8.23.1, PostgreSQL 15 of Debian 12 (postgresql), the plugin pgoutput.
# Guess:     The new row, all columns, as for a row with a short result. So a copy is kept by writing every column of "new".
# Behaviour: result is undefined. A copy that writes every column sets it to NULL, and loses the result: pg binds undefined as NULL, and JSON has no
#            such member. With a result of 5 bytes, and with REPLICA IDENTITY FULL, it is there.
# Why the guess is wrong: a value above about 2 kB is stored outside the row (TOAST). An UPDATE that does not change it writes only a pointer to the
#            log, and the protocol has the kind "u", unchanged, for it. The package reads it as undefined. Tests with short values
#            do not show it.
# Source:    PostgreSQL documentation, logical replication message formats, TupleData ("identifies unchanged TOASTed value").
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
start() { "${as[@]}" "$bin/pg_ctl" -D "$work/data" -o "-c listen_addresses= -c unix_socket_directories=$work -c wal_level=logical" -l "$work/log" -w start >/dev/null; }
start
export PGHOST="$work" PGUSER=probe PGDATABASE=postgres
query() { "$bin/psql" -X -A -t -q "$@"; }
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts pg-logical-replication@2.5.0 pg@8.23.1
cat >probe.mjs <<'JS'
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { LogicalReplicationService, PgoutputPlugin } from 'pg-logical-replication';

const client = new pg.Client();
await client.connect();
await client.query('CREATE TABLE executions (id integer PRIMARY KEY, status text, result text)');
await client.query('CREATE TABLE copies (id integer PRIMARY KEY, status text, result text)');
await client.query('CREATE PUBLICATION changes FOR TABLE executions');
await client.query("SELECT pg_create_logical_replication_slot('changes', 'pgoutput')");
const service = new LogicalReplicationService({ host: process.env.PGHOST, user: process.env.PGUSER, database: process.env.PGDATABASE });
const seen = [];
service.on('data', (lsn, message) => { if (message.tag === 'insert' || message.tag === 'update') seen.push(message.new); });
service.subscribe(new PgoutputPlugin({ protoVersion: 1, publicationNames: ['changes'] }), 'changes').catch(() => {});
await once(service, 'start');
const receive = async (count) => {
  while (seen.length < count) await sleep(20);
  for (const { id, status, result } of seen.splice(0)) {
    await client.query('INSERT INTO copies VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE SET status = $2, result = $3', [id, status, result]);
  }
  return (await client.query('SELECT status, coalesce(length(result)::text, $1) AS result FROM copies ORDER BY id', ['NULL'])).rows;
};
const show = (rows) => rows.map(({ status, result }) => `${status}, result ${result}`).join('; ');
await client.query("INSERT INTO executions SELECT 1, 'waiting', string_agg(md5(n::text), '') FROM generate_series(1, 400) AS n");
await client.query("INSERT INTO executions VALUES (2, 'waiting', 'short')");
console.log(`copies after INSERT: ${show(await receive(2))}`);
await client.query("UPDATE executions SET status = 'done'");
console.log(`copies after UPDATE of the status: ${show(await receive(2))}`);
console.log(`the table itself: ${show((await client.query('SELECT status, length(result) AS result FROM executions ORDER BY id')).rows)}`);
await client.query('ALTER TABLE executions REPLICA IDENTITY FULL');
await client.query("UPDATE executions SET status = 'archived'");
console.log(`copies after UPDATE with REPLICA IDENTITY FULL: ${show(await receive(2))}`);
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
copies after INSERT: waiting, result 12800; waiting, result 5
copies after UPDATE of the status: done, result NULL; done, result 5
the table itself: done, result 12800; done, result 5
copies after UPDATE with REPLICA IDENTITY FULL: archived, result 12800; archived, result 5
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: pg-logical-replication returns undefined for a large column that an UPDATE has not changed, so that a copy of every column loses it"
