#!/usr/bin/env bash
# What does one row with a date 30 days ahead do to a table of pg_partman that makes a partition for each day?
#
# Versions:  pg_partman 4.7.2 and PostgreSQL 15 of Debian 12 (postgresql-15-partman, postgresql), with the default partition that it makes.
# Guess:     It goes to the default partition, which is there for such rows, and the maintenance goes on beside it.
# Behaviour: From that row on run_maintenance fails, for this table altogether: no further partition is made, and retention drops none. Four days later every
#            row goes to the default partition, which makes the repair longer. The INSERT had succeeded; one client with a wrong clock is enough.
# Why the guess is wrong: the maintenance makes partitions up to the newest row, and PostgreSQL refuses to attach one whose rows are in the default partition.
#            check_default and partition_data_proc find and move them, if somebody calls them.
# Source:    pg_partman documentation, run_maintenance, check_default, partition_data_time; PostgreSQL documentation, CREATE TABLE, PARTITION OF … DEFAULT.
# Output seen: the text in `expected` at the end.
set -euo pipefail
bin="$(find /usr/lib/postgresql/15/bin -maxdepth 0 2>/dev/null)" || { echo "needs PostgreSQL 15 of Debian" >&2; exit 2; }
[ -e /usr/share/postgresql/15/extension/pg_partman--4.7.2.sql ] || { echo "needs pg_partman 4.7.2 (postgresql-15-partman)" >&2; exit 2; }
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
CREATE SCHEMA partman;
CREATE EXTENSION pg_partman SCHEMA partman;
CREATE TABLE charges (key text NOT NULL, at timestamptz NOT NULL) PARTITION BY RANGE (at);
SELECT partman.create_parent('public.charges', 'at', 'native', 'daily') \gset
SQL
maintain() {
  failure="$(query -c 'SELECT partman.run_maintenance()' 2>&1 | sed -n '1s/^ERROR:  /fails: /p' || true)"
  echo "${failure:-done}"
}
partitions() { query -c "SELECT count(*) FROM pg_inherits WHERE inhparent = 'charges'::regclass"; }
# What a later day needs: the configuration asks for two partitions more.
more() { query -c 'UPDATE partman.part_config SET premake = premake + 2'; }
describe() { echo "$1: maintenance $(maintain); partitions $(partitions)"; }
query -c "INSERT INTO charges VALUES ('order-1', now())"
seen="$(
describe 'rows of today'
more
describe 'two days more'
query -c "INSERT INTO charges VALUES ('order-2', now() + interval '30 days')"
echo "a row 30 days ahead: accepted, in $(query -c "SELECT tableoid::regclass FROM charges WHERE key = 'order-2'")"
more
describe 'two days more'
query -c "UPDATE partman.part_config SET retention = '0 days', retention_keep_table = false"
describe 'with a retention that would drop the partitions of before'
query -c "DELETE FROM charges WHERE key = 'order-2'"
describe 'without the row'
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
rows of today: maintenance done; partitions 10
two days more: maintenance done; partitions 12
a row 30 days ahead: accepted, in charges_default
two days more: maintenance fails: updated partition constraint for default partition "charges_default" would be violated by some row; partitions 12
with a retention that would drop the partitions of before: maintenance fails: updated partition constraint for default partition "charges_default" would be violated by some row; partitions 12
without the row: maintenance done; partitions 10
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: one row with a date ahead of the partitions makes run_maintenance of pg_partman fail, so that no partition is made or dropped any more"
