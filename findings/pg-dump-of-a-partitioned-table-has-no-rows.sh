#!/usr/bin/env bash
# What is in a dump of "pg_dump -t events", when events is partitioned?
#
# Versions:  pg_dump 15 of Debian 12 (postgresql).
# Guess:     The table with its partitions and rows, as SELECT, TRUNCATE and DROP on that name concern all of them.
# Behaviour: The definition of the parent alone: no partition and no row, with exit code 0 and no line on standard error. After a restore every
#            INSERT fails. In the other direction, --exclude-table-data=events leaves out nothing: all rows are dumped.
# Why the guess is wrong: the options select relations by their names, and each partition is a relation with a name of its own, which holds the rows.
#            "-t 'events*'" selects them if they are named so; --table-and-children and --exclude-table-data-and-children exist since
#            PostgreSQL 16.
# Source:    PostgreSQL documentation, pg_dump, -t, --exclude-table-data; release notes of 16 (--table-and-children).
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
query <<'SQL'
CREATE TABLE events (at timestamptz NOT NULL, kind text NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE events_2026_01 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE events_2026_02 PARTITION OF events FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
INSERT INTO events VALUES ('2026-01-05', 'charged'), ('2026-02-07', 'refunded');
SQL
trial() {
  code=0
  "$bin/pg_dump" "${@:2}" >"$1.sql" 2>"$1.err" || code=$?
  query -c "CREATE DATABASE $1"
  query -d "$1" -f "$1.sql" >/dev/null
  tables="$(query -d "$1" -c "SELECT string_agg(relname, ', ' ORDER BY relname) FROM pg_class WHERE relname LIKE 'events%' AND relkind IN ('r', 'p')")"
  inserted="$(query -d "$1" -c "INSERT INTO events VALUES ('2026-01-09', 'charged')" 2>&1 | sed -n '1s/^ERROR:  //p')"
  echo "pg_dump ${*:2}: exit code $code, $(wc -l <"$1.err") lines on standard error; restored: $tables; rows of before $(query -d "$1" -c "SELECT count(*) FROM events WHERE at <> '2026-01-09'"); a new row: ${inserted:-accepted}"
}
seen="$(
trial by_name -t events
trial by_pattern -t 'events*'
trial excluded --exclude-table-data=events
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
pg_dump -t events: exit code 0, 0 lines on standard error; restored: events; rows of before 0; a new row: no partition of relation "events" found for row
pg_dump -t events*: exit code 0, 0 lines on standard error; restored: events, events_2026_01, events_2026_02; rows of before 2; a new row: accepted
pg_dump --exclude-table-data=events: exit code 0, 0 lines on standard error; restored: events, events_2026_01, events_2026_02; rows of before 2; a new row: accepted
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: pg_dump -t of a partitioned table dumps neither its partitions nor a row, and reports nothing"
