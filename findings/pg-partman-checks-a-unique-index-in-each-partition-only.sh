#!/usr/bin/env bash
# How often can one idempotency key be stored in a table of pg_partman whose template has a unique index on the key?
#
# Versions:  pg_partman 4.7.2 and PostgreSQL 15 of Debian 12 (postgresql-15-partman, postgresql).
# Guess:     Once: the unique index is in the template, so that it belongs to the table.
# Behaviour: Once in each partition: the same key is accepted again on the next day, without a message. PostgreSQL itself refuses such an index on a partitioned
#            table, because it does not contain the column of the partition; the template goes around that check.
# Why the guess is wrong: the template is copied to each new partition, with indexes of its own. No index reaches over two partitions.
# Source:    pg_partman documentation, migrate_to_native.md ("it will still not enforce uniqueness across the entire partition set");
#            PostgreSQL documentation, 5.11.2.3.
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
CREATE TABLE template (LIKE charges);
CREATE UNIQUE INDEX ON template (key);
SELECT partman.create_parent('public.charges', 'at', 'native', 'daily', p_template_table => 'public.template') \gset
SQL
insert() {
  failure="$(query -c "INSERT INTO charges VALUES ('$1', now() + interval '$2')" 2>&1 | sed -n 's/^ERROR:  //p' | sed 's/\(charges_p\)[0-9_]*/\1…_/' || true)"
  echo "${failure:-accepted}"
}
seen="$(
echo "the same index on the table itself: $(query -c 'CREATE UNIQUE INDEX ON charges (key)' 2>&1 | sed -n 's/^ERROR:  //p')"
echo "order-1: $(insert order-1 '0 days')"
echo "order-1 again, the same day: $(insert order-1 '0 days')"
echo "order-1 again, the next day: $(insert order-1 '1 day')"
echo "rows with order-1: $(query -c "SELECT count(*) FROM charges WHERE key = 'order-1'")"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
the same index on the table itself: unique constraint on partitioned table must include all partitioning columns
order-1: accepted
order-1 again, the same day: duplicate key value violates unique constraint "charges_p…_key_idx"
order-1 again, the next day: accepted
rows with order-1: 2
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a unique index in the template of pg_partman accepts an idempotency key once in each partition"
