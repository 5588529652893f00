#!/usr/bin/env bash
# Which changes are left in a replication slot after pg_logical_slot_get_changes with LIMIT 1, with a WHERE, and in a transaction that is rolled back?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql), test_decoding.
# Guess:     All that the reader did not get or did not commit: LIMIT ends the reading, and ROLLBACK takes back what a statement did, as with a queue in a table.
# Behaviour: None. LIMIT 1 returns one change and consumes both; so does a WHERE. After ROLLBACK, or an error in the statement that stores the changes, the slot is empty. An
#            upto_nchanges of 1 ends at the next commit: it returns the whole transaction of three changes. pg_logical_slot_peek_changes and, after the commit,
#            pg_replication_slot_advance lose none.
# Why the guess is wrong: the function builds its whole result before the first row is passed on, and then moves the slot. The position of a slot belongs to no
#            transaction; it is written to disk by itself.
# Source:    PostgreSQL documentation, 9.27.6, pg_logical_slot_get_changes, upto_nchanges, pg_logical_slot_peek_changes.
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
"${as[@]}" "$bin/pg_ctl" -D "$work/data" -o "-c listen_addresses= -c unix_socket_directories=$work -c wal_level=logical" -l "$work/log" -w start >/dev/null
export PGHOST="$work" PGUSER=probe PGDATABASE=postgres
query() { "$bin/psql" -X -A -t -q "$@"; }
query -c 'CREATE TABLE charges (id integer PRIMARY KEY)' -c 'CREATE TABLE stored (data text CHECK (data NOT LIKE $$%10%$$))'
query -c "SELECT pg_create_logical_replication_slot('reader', 'test_decoding', false)" >/dev/null
changes() { echo "SELECT data FROM pg_logical_slot_$1_changes('reader', NULL, ${2:-NULL}, 'skip-empty-xacts', 'on', 'include-xids', 'off')"; }
show() { sed -n 's/^table public.charges: //p' | tr '\n' ';' | sed 's/;$//; s/;/; /g'; echo; }
left() {
  rest="$(query -c "$(changes get)" | show)"
  echo "  left: ${rest:-none}"
}
seen="$(
query -c 'INSERT INTO charges VALUES (1)' -c 'INSERT INTO charges VALUES (2)'
# The first row is a BEGIN.
echo "OFFSET 1 LIMIT 1: $(query -c "$(changes get) OFFSET 1 LIMIT 1" | show)"
left
query -c 'INSERT INTO charges VALUES (3)' -c 'INSERT INTO charges VALUES (4)'
echo "WHERE: $(query -c "$(changes get) WHERE data LIKE '%:4'" | show)"
left
query -c 'INSERT INTO charges VALUES (5)'
echo "ROLLBACK: $(query -c BEGIN -c "$(changes get)" -c ROLLBACK | show)"
left
query -c 'INSERT INTO charges VALUES (10)'
echo "an error of the INSERT: $(query -c "INSERT INTO stored $(changes get)" 2>&1 | sed -n 's/^ERROR:  //p')"
left
query -c 'INSERT INTO charges VALUES (11), (12), (13)' -c 'INSERT INTO charges VALUES (14)'
echo "upto_nchanges 1: $(query -c "$(changes get 1)" | show)"
left
query -c 'INSERT INTO charges VALUES (15)'
echo "peek, ROLLBACK: $(query -c BEGIN -c "$(changes peek)" -c ROLLBACK | show)"
left
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
OFFSET 1 LIMIT 1: INSERT: id[integer]:1
  left: none
WHERE: INSERT: id[integer]:4
  left: none
ROLLBACK: INSERT: id[integer]:5
  left: none
an error of the INSERT: new row for relation "stored" violates check constraint "stored_data_check"
  left: none
upto_nchanges 1: INSERT: id[integer]:11; INSERT: id[integer]:12; INSERT: id[integer]:13
  left: INSERT: id[integer]:14
peek, ROLLBACK: INSERT: id[integer]:15
  left: INSERT: id[integer]:15
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: pg_logical_slot_get_changes consumes all changes, whatever LIMIT or WHERE leave out, and also if its transaction is rolled back"
