#!/usr/bin/env bash
# What does a worker get that takes its job from a foreign table with LIMIT 1 FOR UPDATE SKIP LOCKED, or with NOWAIT?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql, with contrib): postgres_fdw.
# Guess:     What it gets from the table itself: the first job that nobody has locked, or an error for NOWAIT. If postgres_fdw could not pass these words
#            on, it would refuse the statement.
# Behaviour: SKIP LOCKED and NOWAIT are dropped: the worker waits for the job of another one, until a timeout. With "due_at <= now()" one statement
#            with LIMIT 1 locks all six jobs, also those that are not due, and no other worker finds one. Nothing is reported.
# Why the guess is wrong: postgres_fdw writes FOR UPDATE or FOR SHARE and no more. now() is evaluated on this side only, so that neither the
#            condition nor LIMIT is passed on, and the other server locks each row that its cursor returns, 100 at a time (fetch_size).
# Source:    contrib/postgres_fdw/deparse.c, deparseLockingClause ("we don't worry about NOWAIT"), postgres_fdw.c, add_foreign_final_paths.
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
query() { "$bin/psql" -X -A -t -q "$@"; }
query -c 'CREATE DATABASE queue'
query -d queue -c "CREATE TABLE jobs (id integer PRIMARY KEY, due_at timestamptz)" -c "INSERT INTO jobs SELECT n, CASE WHEN n <= 2 THEN '2026-01-01' ELSE '2126-01-01' END::timestamptz FROM generate_series(1, 6) AS n"
query <<SQL
CREATE EXTENSION postgres_fdw;
CREATE SERVER queue FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '$work', dbname 'queue', options '-c lock_timeout=500ms');
CREATE USER MAPPING FOR probe SERVER queue OPTIONS (user 'probe');
CREATE FOREIGN TABLE remote_jobs (id integer, due_at timestamptz) SERVER queue OPTIONS (table_name 'jobs');
SQL
take() { query "${@:2}" -c "SET lock_timeout = '500ms'" -c "SELECT 'job ' || id FROM ${1#*:} ORDER BY id LIMIT 1 FOR UPDATE ${1%%:*}" 2>&1 | sed -n '1s/^ERROR:  //;1p'; }
FREE='SELECT count(*) FROM (SELECT 1 FROM jobs FOR UPDATE SKIP LOCKED) AS free'
seen="$(
echo "sent: $(query -c 'EXPLAIN (VERBOSE, COSTS OFF) SELECT id FROM remote_jobs ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED' | sed -n 's/^ *Remote SQL: //p')"
# Another worker has job 1.
mkfifo other
query -d queue <other >other.out &
exec 3>other
echo 'BEGIN; SELECT id FROM jobs WHERE id = 1 FOR UPDATE;' >&3
for _ in $(seq 200); do
  if [ -s other.out ]; then break; fi
  sleep 0.05
done
for how in 'SKIP LOCKED' NOWAIT; do
  echo "$how, while another has job 1: table $(take "$how:jobs" -d queue); foreign table $(take "$how:remote_jobs")"
done
exec 3>&-
wait
free() { query -d "$1" -c BEGIN -c "SELECT id FROM $2 $3 ORDER BY id LIMIT 1 FOR UPDATE" -c '\! "'"$bin"'/psql" -X -A -t -q -d queue -c "'"$FREE"'"' | tail -n 1; }
for where in '' "WHERE due_at <= '2026-06-01'" 'WHERE due_at <= now()'; do
  echo "free for others after LIMIT 1 of 6 ${where:-without a condition}: table $(free queue jobs "$where"), foreign table $(free postgres remote_jobs "$where")"
done
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
sent: SELECT id, due_at FROM public.jobs ORDER BY id ASC NULLS LAST LIMIT 1::bigint FOR UPDATE
SKIP LOCKED, while another has job 1: table job 2; foreign table canceling statement due to lock timeout
NOWAIT, while another has job 1: table could not obtain lock on row in relation "jobs"; foreign table canceling statement due to lock timeout
free for others after LIMIT 1 of 6 without a condition: table 5, foreign table 5
free for others after LIMIT 1 of 6 WHERE due_at <= '2026-06-01': table 5, foreign table 5
free for others after LIMIT 1 of 6 WHERE due_at <= now(): table 5, foreign table 0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: postgres_fdw drops SKIP LOCKED and NOWAIT, so that a worker waits for another one's job; with a condition on now(), LIMIT 1 FOR UPDATE locks every job"
