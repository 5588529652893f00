#!/usr/bin/env bash
# Which changes of a table does wal2json pass on, and which does it leave out?
#
# Versions:  wal2json 2.5 and PostgreSQL 15.19 of Debian 12 (postgresql-15-wal2json, postgresql), as it comes, formats 1 and 2.
# Guess:     All of them. A table without a key gives its new values without the old ones, or is refused, as a publication refuses its UPDATE.
# Behaviour: An audit table without a primary key passes on its INSERTs only: UPDATE and DELETE commit, and wal2json leaves them out. The data that the reader gets has the transaction without them (format 1: "change":[],
#            format 2: B and C); a warning is in the log of the server. Format 1 leaves out TRUNCATE too. An amount of NaN or Infinity is null in both. After REPLICA IDENTITY FULL UPDATE and DELETE are there.
# Why the guess is wrong: a replica identity is demanded of tables in a publication. A plug-in sees a row without an identity, and wal2json skips it.
# Source:    wal2json at wal2json_2_5, wal2json.c ("without primary key or replica identity is nothing"; "The NaN and Infinity are not valid JSON symbols"; pg_decode_truncate_v1, whose body is not compiled); README.md ("if you are using
#            format-version 1, truncate is not enabled"; its examples show the warning in psql as well); PostgreSQL 15 documentation, 31.1 Publication (UPDATE and DELETE without a replica identity "will cause an error on the publisher").
# Output seen: the text in `expected` at the end.
set -euo pipefail
dpkg-query -W -f='${Version}\n' postgresql-15-wal2json 2>/dev/null | grep -q '^2\.5-' || { echo "needs wal2json 2.5 (postgresql-15-wal2json)" >&2; exit 2; }
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
"${as[@]}" "$bin/pg_ctl" -D "$work/data" -o "-c listen_addresses= -c unix_socket_directories=$work -c wal_level=logical -c output_plugin_libraries=wal2json" -l "$work/log" -w start >/dev/null
export PGHOST="$work" PGUSER=probe PGDATABASE=postgres
query() { "$bin/psql" -X -A -t -q "$@"; }
query -c 'CREATE TABLE no_key (id integer, amount numeric)' -c 'CREATE TABLE full_identity (id integer, amount numeric)' -c 'ALTER TABLE full_identity REPLICA IDENTITY FULL' -c 'CREATE TABLE with_key (id integer PRIMARY KEY, amount numeric)'
for format in 1 2; do query -c "SELECT pg_create_logical_replication_slot('v$format', 'wal2json')" >/dev/null; done
changes() {
  query -c "SELECT data FROM pg_logical_slot_get_changes('v1', NULL, NULL)" 2>/dev/null >v1
  query -c "SELECT data FROM pg_logical_slot_get_changes('v2', NULL, NULL, 'format-version', '2', 'include-transaction', 'true')" 2>/dev/null >v2
  one="$(jq -r -s '[.[].change[] | .kind + (if .columnvalues then " " + (.columnvalues | tojson) else "" end)] | if . == [] then "nothing" else join(", ") end' v1)"
  two="$(jq -r -s '[.[] | select(.action != "B" and .action != "C") | .action + (if .columns then " " + ([.columns[].value] | tojson) else "" end)] | if . == [] then "nothing" else join(", ") end' v2)"
  echo "format 1: $one; format 2: $two"
}
seen="$(
for table in no_key full_identity with_key; do
  query -c "INSERT INTO $table VALUES (1, 12.50)"
  echo "$table INSERT: $(changes)"
  query -c "UPDATE $table SET amount = 99 WHERE id = 1"
  echo "$table UPDATE: $(changes)"
  query -c "UPDATE $table SET amount = 'NaN' WHERE id = 1"
  echo "$table UPDATE to NaN: $(changes)"
  query -c "DELETE FROM $table"
  echo "$table DELETE: $(changes)"
  query -c "INSERT INTO $table VALUES (2, 1)" -c "TRUNCATE $table"
  echo "$table INSERT and TRUNCATE: $(changes)"
done
echo "warnings in the log of the server: $(grep -c 'without primary key or replica identity is nothing' log | sed 's/^[1-9].*/some/')"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
no_key INSERT: format 1: insert [1,12.5]; format 2: I [1,12.5]
no_key UPDATE: format 1: nothing; format 2: nothing
no_key UPDATE to NaN: format 1: nothing; format 2: nothing
no_key DELETE: format 1: nothing; format 2: nothing
no_key INSERT and TRUNCATE: format 1: insert [2,1]; format 2: I [2,1], T
full_identity INSERT: format 1: insert [1,12.5]; format 2: I [1,12.5]
full_identity UPDATE: format 1: update [1,99]; format 2: U [1,99]
full_identity UPDATE to NaN: format 1: update [1,null]; format 2: U [1,null]
full_identity DELETE: format 1: delete; format 2: D
full_identity INSERT and TRUNCATE: format 1: insert [2,1]; format 2: I [2,1], T
with_key INSERT: format 1: insert [1,12.5]; format 2: I [1,12.5]
with_key UPDATE: format 1: update [1,99]; format 2: U [1,99]
with_key UPDATE to NaN: format 1: update [1,null]; format 2: U [1,null]
with_key DELETE: format 1: delete; format 2: D
with_key INSERT and TRUNCATE: format 1: insert [2,1]; format 2: I [2,1], T
warnings in the log of the server: some
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: wal2json leaves out the UPDATEs and DELETEs of a table without a primary key, and TRUNCATE in format 1, and writes NaN as null"
