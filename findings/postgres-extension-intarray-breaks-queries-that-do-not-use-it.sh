#!/usr/bin/env bash
# What does CREATE EXTENSION intarray change for queries that do not use it, tags @> '{17}' on a column integer[] with a GIN index?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql, with its contrib modules).
# Guess:     Nothing: an extension adds functions and operators for those who call them, and the query and its index stay what they are.
# Behaviour: The query fails with "array must not contain nulls" as soon as one row has a null element. Without such rows it gives the same rows, but reads the whole table: the index is used no longer.
#            Only an extension in a schema outside search_path leaves the query alone.
# Why the guess is wrong: intarray has operators with the same names, @> and && on integer[]. They match the types exactly, whereas those of PostgreSQL are for any array, so that they are preferred, and
#            the index belongs to the operators that are no longer meant.
# Source:    PostgreSQL documentation, F.20 intarray (operators; "gin__int_ops"; null elements), and 10.2 (operator type resolution).
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
CREATE TABLE jobs (id integer PRIMARY KEY, tags integer[] NOT NULL);
INSERT INTO jobs SELECT n, ARRAY[n % 1000, NULL] FROM generate_series(1, 20000) AS n;
CREATE INDEX jobs_tags ON jobs USING gin (tags);
ANALYZE jobs;
SQL
run() { query -c "$1" 2>&1 | sed -n '1s/^ERROR:  //;1p'; }
show() {
  for operator in '@>' '&&'; do
    echo "$1, tags $operator '{17}': $(run "SELECT count(*) FROM jobs WHERE tags $operator '{17}'"); plan $(query -c "EXPLAIN (COSTS OFF) SELECT id FROM jobs WHERE tags $operator '{17}'" | sed -n '1s/ on .*//p')"
  done
}
seen="$(
show before
query -c 'CREATE EXTENSION intarray'
show 'with intarray'
query -c 'UPDATE jobs SET tags = ARRAY[id % 1000]'
show 'with intarray, without null elements'
query -c 'DROP EXTENSION intarray' -c 'CREATE SCHEMA extensions' -c 'CREATE EXTENSION intarray SCHEMA extensions'
show 'with intarray in a schema of its own'
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
before, tags @> '{17}': 20; plan Bitmap Heap Scan
before, tags && '{17}': 20; plan Bitmap Heap Scan
with intarray, tags @> '{17}': array must not contain nulls; plan Seq Scan
with intarray, tags && '{17}': array must not contain nulls; plan Seq Scan
with intarray, without null elements, tags @> '{17}': 20; plan Seq Scan
with intarray, without null elements, tags && '{17}': 20; plan Seq Scan
with intarray in a schema of its own, tags @> '{17}': 20; plan Bitmap Heap Scan
with intarray in a schema of its own, tags && '{17}': 20; plan Bitmap Heap Scan
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: CREATE EXTENSION intarray takes over @> and && on integer[]: queries that do not use it fail at null elements and no longer use their index"
