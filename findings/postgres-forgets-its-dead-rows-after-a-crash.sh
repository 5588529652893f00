#!/usr/bin/env bash
# What does PostgreSQL know after a crash of the 1,000 dead rows that a table had before it, and of the commits that an exporter counts?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     What it knew at the last checkpoint or flush: statistics are kept over restarts, and what is committed is on disk.
# Behaviour: Nothing: n_dead_tup, n_tup_del, last_vacuum and the counters of each index begin at zero, those of the database, too. The dead rows are still there, and autovacuum, which goes by n_dead_tup, counts anew: a table that was about to
#            be vacuumed waits for as many changes again, after each crash. An index in use looks unused. After a fast shutdown all of it is kept.
# Why the guess is wrong: statistics are in shared memory and are written to a file at an orderly shutdown only. They are not in the write-ahead log. After a crash or a failover, run VACUUM or ANALYZE on tables of queues.
# Source:    PostgreSQL documentation, 28.2, The Cumulative Statistics System ("all statistics counters are reset").
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
"${as[@]}" "$bin/pg_ctl" -D "$work/data" -o "-c listen_addresses= -c unix_socket_directories=$work -c autovacuum=off" -l "$work/log" -w start >/dev/null
export PGHOST="$work" PGUSER=probe PGDATABASE=postgres
query() { "$bin/psql" -X -A -t -q "$@"; }
query -c 'CREATE TABLE jobs (id integer PRIMARY KEY)' -c 'INSERT INTO jobs SELECT generate_series(1, 2000)' -c 'VACUUM jobs' -c 'SET enable_seqscan = off; SELECT FROM jobs WHERE id = 4' \
  -c 'DELETE FROM jobs WHERE id <= 1000' -c CHECKPOINT >/dev/null
show() {
  query -c "SELECT '$1: dead rows ' || n_dead_tup || ', deletes ' || n_tup_del || ', index used ' || (idx_scan > 0) || ', vacuumed ' || (last_vacuum IS NOT NULL) FROM pg_stat_user_tables WHERE relname = 'jobs'"
  query -c "SELECT '  counted deletes of the database: ' || tup_deleted FROM pg_stat_database WHERE datname = 'postgres'"
}
restart() { "${as[@]}" "$bin/pg_ctl" -D "$work/data" -m "$1" -l "$work/log" -w restart >/dev/null; }
# A session hands over its statistics when it ends.
until [ "$(query -c "SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 'jobs'")" = 1000 ]; do sleep 0.05; done
seen="$(
show before
restart fast
show 'after a fast shutdown'
restart immediate
show 'after a crash'
echo "rows that VACUUM finds: $(query -c 'VACUUM (VERBOSE) jobs' 2>&1 | sed -n 's/^tuples: \([0-9]* removed\), \([0-9]*\) remain.*/\1, \2 remain/p' | head -n 1)"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
before: dead rows 1000, deletes 1000, index used true, vacuumed true
  counted deletes of the database: 1000
after a fast shutdown: dead rows 1000, deletes 1000, index used true, vacuumed true
  counted deletes of the database: 1000
after a crash: dead rows 0, deletes 0, index used false, vacuumed false
  counted deletes of the database: 0
rows that VACUUM finds: 1000 removed, 1000 remain
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: PostgreSQL has all statistics at zero after a crash, so that autovacuum does not know of the dead rows"
