#!/usr/bin/env bash
# What does psql make of a plain dump whose end is missing, with ON_ERROR_STOP=1 and --single-transaction?
#
# Versions:  psql, pg_dump and pg_restore 15 of Debian 12 (postgresql).
# Guess:     An error, and nothing is stored: a COPY that has no end is not complete, and the two options are there for that.
# Behaviour: If the dump ends in the data of a table, psql exits with 0, and commits the rows up to there, without primary key and triggers. If it
#            ends inside the last column, the row is stored with what is there: an amount of 4800 becomes 48. A dump that ends in a statement
#            or in an earlier column fails.
# Why the guess is wrong: psql takes the end of the file for the end of the data, as if "\." stood there, and then commits what
#            --single-transaction has begun. Only the last comment ("database dump complete") tells that a dump is whole; the
#            custom format has lengths, so that pg_restore fails.
# Source:    PostgreSQL documentation, psql, --single-transaction and \copy; src/bin/psql/copy.c, handleCopyIn.
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
CREATE TABLE charges (key text PRIMARY KEY, amount integer NOT NULL);
INSERT INTO charges VALUES ('order-1', 990), ('order-2', 1250), ('order-3', 4800);
SQL
"$bin/pg_dump" -f whole.sql
"$bin/pg_dump" -Fc -Z0 -f whole.dump
bytes_until() { grep -abo "$2" "$1" | head -n 1 | cut -d: -f1; }
trial() {
  name="cut_$(echo "$1" | tr -c 'a-z\n' _)"
  query -c "CREATE DATABASE $name"
  code=0
  "${@:2}" -d "$name" >/dev/null 2>&1 || code=$?
  echo "$1: exit code $code; rows: $(query -d "$name" -c "SELECT coalesce(string_agg(key || ' ' || amount, ', ' ORDER BY key), 'none') FROM charges" 2>/dev/null || echo no table); primary keys: $(query -d "$name" -c "SELECT count(*) FROM pg_constraint WHERE contype = 'p' AND conrelid::regclass::text = 'charges'")"
}
restore() { "$bin/psql" -X -q -v ON_ERROR_STOP=1 --single-transaction -f cut.sql "$@"; }
cut_behind() { head -c "$(( $(bytes_until whole.sql "$1") + ${#1} ))" whole.sql >cut.sql; }
seen="$(
cut_behind "order-2"$'\t'"1250"
trial 'behind a row' restore
cut_behind "order-3"$'\t'"48"
trial 'inside the last column' restore
cut_behind 'order-3'
trial 'inside an earlier column' restore
cut_behind 'ADD CONSTRAINT'
trial 'inside a statement' restore
head -c "$(bytes_until whole.dump order-3)" whole.dump >cut.dump
trial 'custom format' "$bin/pg_restore" --single-transaction cut.dump
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
behind a row: exit code 0; rows: order-1 990, order-2 1250; primary keys: 0
inside the last column: exit code 0; rows: order-1 990, order-2 1250, order-3 48; primary keys: 0
inside an earlier column: exit code 3; rows: no table; primary keys: 0
inside a statement: exit code 3; rows: no table; primary keys: 0
custom format: exit code 1; rows: no table; primary keys: 0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: psql commits the rows of a dump that is cut off in its data, with exit code 0, even with ON_ERROR_STOP=1 and --single-transaction; an amount may lose its last digits"
