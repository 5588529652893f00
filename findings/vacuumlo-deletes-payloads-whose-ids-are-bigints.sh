#!/usr/bin/env bash
# Which large objects does vacuumlo delete from a database whose tables refer to all of them?
#
# Versions:  vacuumlo and PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     None: it removes what nothing refers to, and a wrong guess of it would be found by a foreign key or a check.
# Behaviour: All whose id is in a column of another type than oid or lo: bigint, text, jsonb, oid[], and a domain over
#            oid. The exit code is 0. Reading one of them fails from then on ("large object … does not exist").
# Why the guess is wrong: a large object has no owner among the rows. vacuumlo takes the list of all of them and strikes out what it finds in the columns of type oid and lo; that is all it knows.
# Source:    PostgreSQL 15 documentation, vacuumlo, Notes ("It then scans through all columns in the database that are of type oid or lo … Only types with these names are considered; in particular, domains over them
#            are not considered"); contrib/vacuumlo/vacuumlo.c (t.typname in ('oid', 'lo')).
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
query -c 'CREATE EXTENSION lo' -c 'CREATE DOMAIN payload_id AS oid'
seen="$(
for type in oid lo payload_id bigint text jsonb 'oid[]'; do
  query -c "CREATE TABLE \"of $type\" (payload $type)"
  case "$type" in
    jsonb) value="to_jsonb(lo_from_bytea(0, 'paid')::bigint)" ;;
    'oid[]') value="ARRAY[lo_from_bytea(0, 'paid')]" ;;
    *) value="lo_from_bytea(0, 'paid')::$type" ;;
  esac
  query -c "INSERT INTO \"of $type\" VALUES ($value)"
done
query -c "CREATE TABLE \"of partitions\" (payload oid) PARTITION BY HASH (payload)" -c "CREATE TABLE of_partition PARTITION OF \"of partitions\" FOR VALUES WITH (MODULUS 1, REMAINDER 0)" -c "INSERT INTO \"of partitions\" VALUES (lo_from_bytea(0, 'paid'))"
echo "large objects: $(query -c 'SELECT count(*) FROM pg_largeobject_metadata')"
code=0
"$bin/vacuumlo" -v postgres >vacuumlo.out 2>&1 || code=$?
echo "vacuumlo: $(grep -o 'Successfully removed [0-9]* large objects' vacuumlo.out), exit code $code"
for type in oid lo 'partitions' payload_id bigint text jsonb 'oid[]'; do
  case "$type" in 'oid[]') id='payload[1]' ;; jsonb) id='payload::bigint::oid' ;; *) id='payload::oid' ;; esac
  echo "$type: $(query -c "SELECT convert_from(lo_get($id), 'UTF8') FROM \"of $type\"" 2>&1 | sed 's/object [0-9]*/object …/')"
done
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
large objects: 8
vacuumlo: Successfully removed 5 large objects, exit code 0
oid: paid
lo: paid
partitions: paid
payload_id: ERROR:  large object … does not exist
bigint: ERROR:  large object … does not exist
text: ERROR:  large object … does not exist
jsonb: ERROR:  large object … does not exist
oid[]: ERROR:  large object … does not exist
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: vacuumlo deletes the large objects whose ids are in columns of type bigint, text, jsonb, oid[], or a domain over oid"
