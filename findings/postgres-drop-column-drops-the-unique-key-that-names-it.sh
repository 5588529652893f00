#!/usr/bin/env bash
# What does ALTER TABLE … DROP COLUMN tenant do with UNIQUE (tenant, key), when a service with one tenant needs the column no longer?
#
# Versions:  PostgreSQL 15 and SQLite 3.40.1 of Debian 12 (postgresql, sqlite3).
# Guess:     It is refused without CASCADE, as it is for a view that names the column; or the key stays on the other column.
# Behaviour: It succeeds without CASCADE and without a notice, and the whole unique key is gone. The next charge with a known key is stored and carried out a second time. A CHECK over two
#            columns is lost in the same way. SQLite refuses.
# Why the guess is wrong: CASCADE is asked for by what depends on the column from outside the table (views, foreign keys of others). Indexes and constraints of the table itself are parts of it, and
#            go with any of their columns. A new unique key on the other columns must be made before.
# Source:    PostgreSQL documentation, ALTER TABLE, DROP COLUMN ("Indexes and table constraints involving the column will be automatically dropped as well").
# Output seen: the text in `expected` at the end.
set -euo pipefail
bin="$(find /usr/lib/postgresql/15/bin -maxdepth 0 2>/dev/null)" || { echo "needs PostgreSQL 15 of Debian" >&2; exit 2; }
command -v sqlite3 >/dev/null || { echo "needs sqlite3" >&2; exit 2; }
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
schema='CREATE TABLE charges (tenant text NOT NULL, key text NOT NULL, amount integer NOT NULL, refunded integer NOT NULL DEFAULT 0, UNIQUE (tenant, key), CHECK (refunded <= amount));'
query -c "$schema" -c "INSERT INTO charges VALUES ('only', 'order-1', 10)"
sqlite3 db "$schema"
run() { if out="$(query -c "$1" 2>&1)"; then echo "${out:-done}"; else sed -n '1s/^ERROR:  //p' <<<"$out"; fi; }
seen="$(
echo "a second charge of order-1, before: $(run "INSERT INTO charges VALUES ('only', 'order-1', 10)")"
query -c 'CREATE VIEW by_tenant AS SELECT tenant, sum(amount) FROM charges GROUP BY tenant'
echo "DROP COLUMN tenant, with a view that names it: $(run 'ALTER TABLE charges DROP COLUMN tenant')"
query -c 'DROP VIEW by_tenant'
echo "DROP COLUMN tenant, without the view: $(run 'ALTER TABLE charges DROP COLUMN tenant')"
echo "a second charge of order-1, after: $(run "INSERT INTO charges VALUES ('order-1', 10)"); unique keys $(query -c "SELECT count(*) FROM pg_index WHERE indrelid = 'charges'::regclass")"
echo "DROP COLUMN amount, which CHECK (refunded <= amount) names: $(run 'ALTER TABLE charges DROP COLUMN amount'); checks $(query -c "SELECT count(*) FROM pg_constraint WHERE conrelid = 'charges'::regclass AND contype = 'c'")"
echo "SQLite, DROP COLUMN tenant: $(sqlite3 db 'ALTER TABLE charges DROP COLUMN tenant' 2>&1 | sed -n '1p' || true)"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
a second charge of order-1, before: duplicate key value violates unique constraint "charges_tenant_key_key"
DROP COLUMN tenant, with a view that names it: cannot drop column tenant of table charges because other objects depend on it
DROP COLUMN tenant, without the view: done
a second charge of order-1, after: done; unique keys 0
DROP COLUMN amount, which CHECK (refunded <= amount) names: done; checks 0
SQLite, DROP COLUMN tenant: Error: stepping, error in table charges after drop column: no such column: tenant
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: DROP COLUMN drops a unique key over several columns that names the column, without CASCADE and without a notice"
