#!/usr/bin/env bash
# Does a statement carry out what is in its WITH, if the rest of the statement does not read from it?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql) with pg 8.23.1.
# Guess:     Yes: pg_notify and pg_advisory_xact_lock are volatile, so they run; or no WITH that nobody reads is run, whatever is in it.
# Behaviour: An INSERT in it is carried out. A SELECT is not, also with volatile functions and with MATERIALIZED: no notification is sent, no lock
#            is taken, no setting is made, without an error. Read by EXISTS or LIMIT 1, it runs up to the first row: one of three notifications.
# Why the guess is wrong: a SELECT in a WITH is evaluated as far as its rows are asked for, whatever its functions do; only INSERT, UPDATE and
#            DELETE are run to their end. EXPLAIN shows that the part is missing.
# Source:    PostgreSQL documentation, 7.8.4 (data-modifying statements in WITH: SELECT "carried only as far as the primary query demands").
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
import pg from 'pg';

const client = new pg.Client();
await client.connect();
await client.query('CREATE TABLE jobs (state text); CREATE TABLE trail (what text); LISTEN jobs');
let heard = 0;
client.on('notification', () => heard++);
const UPDATE = "INSERT INTO jobs VALUES ('queued')";
const NOTES = "SELECT pg_notify('jobs', n::text) FROM generate_series(1, 3) AS n";
const STATEMENTS = {
  'INSERT, not read': `WITH note AS (INSERT INTO trail VALUES ('queued')) ${UPDATE}`,
  'SELECT, not read': `WITH note AS (${NOTES}), lock AS (SELECT pg_advisory_xact_lock(1)) ${UPDATE}`,
  'SELECT, MATERIALIZED, not read': `WITH note AS MATERIALIZED (${NOTES}), lock AS MATERIALIZED (SELECT pg_advisory_xact_lock(1)) ${UPDATE}`,
  'SELECT, read by EXISTS': `WITH note AS (${NOTES}), lock AS (SELECT pg_advisory_xact_lock(1)) INSERT INTO jobs SELECT 'queued' WHERE EXISTS (SELECT FROM note) AND EXISTS (SELECT FROM lock)`,
  'SELECT, all rows read': `WITH note AS (${NOTES}), lock AS (SELECT pg_advisory_xact_lock(1)) INSERT INTO jobs SELECT 'queued' WHERE (SELECT count(*) FROM note) = 3 AND (SELECT count(*) FROM lock) = 1`,
};
for (const [name, statement] of Object.entries(STATEMENTS)) {
  heard = 0;
  await client.query('DELETE FROM trail');
  await client.query('BEGIN');
  const { rowCount } = await client.query(statement);
  const locks = (await client.query("SELECT FROM pg_locks WHERE locktype = 'advisory'")).rowCount;
  await client.query('COMMIT');
  const trail = (await client.query('SELECT FROM trail')).rowCount;
  console.log(`${name}: jobs ${rowCount}, trail ${trail}, locks ${locks}, notifications ${heard}`);
}
await client.end();
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
INSERT, not read: jobs 1, trail 1, locks 0, notifications 0
SELECT, not read: jobs 1, trail 0, locks 0, notifications 0
SELECT, MATERIALIZED, not read: jobs 1, trail 0, locks 0, notifications 0
SELECT, read by EXISTS: jobs 1, trail 0, locks 1, notifications 1
SELECT, all rows read: jobs 1, trail 0, locks 1, notifications 3
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a SELECT in a WITH that nobody reads is not run: its pg_notify sends nothing and its pg_advisory_xact_lock locks nothing"
