#!/usr/bin/env bash
# What happens to a unique index over normal(key), when a migration replaces the function normal by one that removes blanks too?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     The replacement is refused, as DROP FUNCTION is, because an index depends on it; or the index is rebuilt with the new function.
# Behaviour: CREATE OR REPLACE succeeds, and the index keeps what the old function returned. A key that the new function makes equal to a stored one is charged a second time, and ON
#            CONFLICT does not see it. The same query then finds one row by the index and two by the table. pg_amcheck reports nothing, unless it is told to compare (--heapallindexed); REINDEX
#            fails, as there are two. A generated column keeps its old values as well.
# Why the guess is wrong: IMMUTABLE is the promise of the author that the result never changes, and is not checked. A dependency keeps a function from being dropped, not from being replaced. A
#            function with a new name, and an index of its own, is safe.
# Source:    PostgreSQL documentation, CREATE INDEX (functions "must be immutable") and 38.7 (function volatility categories); pg_amcheck, --heapallindexed.
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
CREATE FUNCTION normal(key text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT lower(key) $$;
CREATE TABLE charges (key text NOT NULL, normal text GENERATED ALWAYS AS (normal(key)) STORED);
CREATE UNIQUE INDEX charges_key ON charges (normal(key));
CREATE EXTENSION amcheck;
SQL
run() { query -c "$1" 2>&1 | sed -n '1s/^ERROR:  //;1p'; }
charge() { out="$(run "INSERT INTO charges VALUES ('$1') ON CONFLICT (normal(key)) DO NOTHING RETURNING 'charged'")"; echo "charge '$1': ${out:-known already}"; }
find_it() { query -c "SET enable_seqscan = $1" -c "SET enable_indexscan = $2" -c "SET enable_bitmapscan = $2" -c "SELECT count(*) FROM charges WHERE normal(key) = 'order-1'"; }
check() { if "$bin/pg_amcheck" -t charges "$@" >/dev/null 2>&1; then echo 'nothing wrong'; else echo 'a row is missing in the index'; fi; }
seen="$(
charge 'Order-1 '
charge 'order-1 '
echo "DROP FUNCTION normal: $(run 'DROP FUNCTION normal')"
echo "CREATE OR REPLACE FUNCTION normal, which now removes blanks too: $(query -c 'CREATE OR REPLACE FUNCTION normal(key text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT lower(trim(key)) $$' 2>&1 && echo done)"
charge 'order-1'
echo "charges of order-1: by the index $(find_it off on), by the table $(find_it on off)"
echo "generated column: $(query -c "SELECT string_agg('''' || normal || '''', ', ' ORDER BY ctid) FROM charges")"
echo "pg_amcheck: $(check); with --heapallindexed: $(check --heapallindexed)"
echo "REINDEX: $(run 'REINDEX INDEX charges_key')"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
charge 'Order-1 ': charged
charge 'order-1 ': known already
DROP FUNCTION normal: cannot drop function normal(text) because other objects depend on it
CREATE OR REPLACE FUNCTION normal, which now removes blanks too: done
charge 'order-1': charged
charges of order-1: by the index 1, by the table 2
generated column: 'order-1 ', 'order-1'
pg_amcheck: nothing wrong; with --heapallindexed: a row is missing in the index
REINDEX: could not create unique index "charges_key"
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: CREATE OR REPLACE of the function of a unique index leaves the index as it was, so that a key which is now equal is charged a second time"
