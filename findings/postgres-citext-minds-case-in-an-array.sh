#!/usr/bin/env bash
# Does a column citext, which ignores upper and lower case, find Ada@example.org for ada@example.org in every comparison with =, ANY and IN?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql, with its contrib modules).
# Guess:     Yes: the type is there so that nobody needs lower() in a query, and the column is the same in each.
# Behaviour: Only if the other side has no type, or citext. With a parameter that the driver sends as text or text[], with a list from a column text, and in a join with one, case counts: the customer is not found in the list of
#            those who want no mail, or is called new. The INSERT that follows fails, because the key of the table does ignore case.
# Why the guess is wrong: between citext and text there is an implicit cast to text, and = of text is chosen for two types that can both become text. Whether a parameter has a type depends on the driver; a literal has none.
# Source:    PostgreSQL documentation, F.10 citext (limitations), and 10.2 (operator type resolution).
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
CREATE EXTENSION citext;
CREATE TABLE customers (email citext PRIMARY KEY);
CREATE TABLE suppressed (email text PRIMARY KEY);
INSERT INTO customers VALUES ('Ada@example.org');
INSERT INTO suppressed VALUES ('ada@example.org');
SQL
trial() { echo "$1, $2: found $(query -c "PREPARE find $3 AS SELECT count(*) FROM customers WHERE $1" -c "EXECUTE find ($4)")"; }
seen="$(
trial 'email = $1' 'parameter without a type' '' "'ada@example.org'"
trial 'email = $1' 'parameter text' '(text)' "'ada@example.org'"
trial 'email = ANY ($1)' 'parameter without a type' '' "'{ada@example.org}'"
trial 'email = ANY ($1)' 'parameter text[]' '(text[])' "'{ada@example.org}'"
trial 'email = ANY ($1::citext[])' 'parameter text[]' '(text[])' "'{ada@example.org}'"
echo "email IN (SELECT email FROM suppressed), a column text: found $(query -c 'SELECT count(*) FROM customers WHERE email IN (SELECT email FROM suppressed)')"
echo "JOIN suppressed USING (email): found $(query -c 'SELECT count(*) FROM customers JOIN suppressed USING (email)')"
echo "INSERT of ada@example.org: $(query -c "INSERT INTO customers VALUES ('ada@example.org')" 2>&1 | sed -n '1s/^ERROR:  //p')"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
email = $1, parameter without a type: found 1
email = $1, parameter text: found 0
email = ANY ($1), parameter without a type: found 1
email = ANY ($1), parameter text[]: found 0
email = ANY ($1::citext[]), parameter text[]: found 1
email IN (SELECT email FROM suppressed), a column text: found 0
JOIN suppressed USING (email): found 0
INSERT of ada@example.org: duplicate key value violates unique constraint "customers_pkey"
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: citext minds upper and lower case when it is compared with a parameter, an array or a column of the type text"
