#!/usr/bin/env bash
# Does pg_amcheck notice that an index lacks rows of its table, so that a unique key is stored twice and a look-up finds nothing?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql): pg_amcheck, amcheck.
# Guess:     Yes: it checks tables and B-tree indexes for corruption, and an index that does not have every row is the damage that matters.
# Behaviour: No: exit code 0 and no output, also with --parent-check and --rootdescend. A query by the index does not find the row, and a unique index has accepted a key a second
#            time. Only --heapallindexed reports it, and only the first row. pg_dump copies both rows, and the restore fails at the unique index.
# Why the guess is wrong: a B-tree is verified as a structure: order, links, and pages that fit together. A tree that lacks an entry is a valid tree. That every row
#            has an entry is another check, which reads the table and is off.
# Source:    PostgreSQL documentation, pg_amcheck, --heapallindexed, --parent-check, --rootdescend.
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
query -c 'CREATE EXTENSION amcheck' -c 'CREATE TABLE charges (id integer)' -c 'CREATE UNIQUE INDEX charges_id ON charges (id)' -c 'INSERT INTO charges SELECT generate_series(1, 100)'
# An index that was not kept up to date for a while, as bugs of CREATE INDEX CONCURRENTLY have left some.
ready() { query -c "UPDATE pg_index SET indisready = $1, indisvalid = $1 WHERE indexrelid = 'charges_id'::regclass"; }
ready false
query -c 'INSERT INTO charges VALUES (7), (101)'
ready true
check() {
  code=0
  "$bin/pg_amcheck" -d postgres -t charges "$@" >report 2>&1 || code=$?
  echo "pg_amcheck $*: exit code $code, $(grep -c ERROR report || true) errors"
}
seen="$(
echo "rows with the id 7: $(query -c 'SELECT count(*) FROM charges WHERE id = 7' -c 'SET enable_indexscan = off; SET enable_indexonlyscan = off; SET enable_bitmapscan = off; SELECT count(*) FROM charges WHERE id = 7' | tail -n 1)"
echo "rows with the id 101, by the index: $(query -c 'SET enable_seqscan = off' -c 'SELECT count(*) FROM charges WHERE id = 101')"
check
check --parent-check
check --parent-check --rootdescend
check --heapallindexed
query -c 'CREATE DATABASE restored'
"$bin/pg_dump" -t charges postgres | "$bin/psql" -X -q -d restored 2>&1 | sed -n 's/^ERROR:  /restore: /p'
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
rows with the id 7: 2
rows with the id 101, by the index: 0
pg_amcheck : exit code 0, 0 errors
pg_amcheck --parent-check: exit code 0, 0 errors
pg_amcheck --parent-check --rootdescend: exit code 0, 0 errors
pg_amcheck --heapallindexed: exit code 2, 1 errors
restore: could not create unique index "charges_id"
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: pg_amcheck passes an index that lacks rows of its table, unless it is called with --heapallindexed"
