#!/usr/bin/env bash
# Can a column whose type is a domain with NOT NULL contain NULL?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     No: INSERT of NULL, and of a row without the column, fail with "domain … does not allow null values".
# Behaviour: Yes: INSERT … SELECT of a LEFT JOIN without a match stores NULL. CHECK (VALUE IS NOT NULL) in the domain does not help. Nothing
#            notices it: other columns of the row can be updated, and pg_dump writes it. The restore fails, with all rows of the table.
# Why the guess is wrong: a domain is checked where a value is converted to it. What a LEFT JOIN adds is of the domain's type already, and is not converted. NOT NULL at
#            the column is checked at each write of a row.
# Source:    PostgreSQL documentation, CREATE DOMAIN, Notes ("read as null despite there being such a constraint").
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
CREATE DOMAIN amount AS numeric NOT NULL CHECK (VALUE IS NOT NULL) CHECK (VALUE > 0);
CREATE TABLE prices (article integer, price amount);
CREATE TABLE charges (id integer, article integer, price amount, column_price numeric NOT NULL DEFAULT 1);
INSERT INTO prices VALUES (1, 9.99);
SQL
trial() {
  result="$(query -c "$1" 2>&1 | sed -n '1s/^ERROR:  //p' || true)"
  echo "$1: ${result:-done}"
}
seen="$(
trial 'INSERT INTO charges (id, article, price) VALUES (1, 2, NULL)'
trial 'INSERT INTO charges (id, article) VALUES (1, 2)'
trial 'INSERT INTO charges (id, article, price) SELECT orders.id, article, price FROM (VALUES (1, 1), (2, 2)) AS orders (id, article) LEFT JOIN prices USING (article)'
trial 'UPDATE charges SET article = 3 WHERE id = 2'
trial 'INSERT INTO charges (id, article, price, column_price) SELECT orders.id, article, 1, price FROM (VALUES (3, 2)) AS orders (id, article) LEFT JOIN prices USING (article)'
echo "rows: $(query -c "SELECT id, price IS NULL FROM charges ORDER BY id" | tr '\n' ' ')"
query -c 'CREATE DATABASE restored'
"$bin/pg_dump" postgres | "$bin/psql" -X -q -d restored 2>&1 | sed -n 's/^ERROR:  /restore: /p'
echo "rows restored: $("$bin/psql" -X -A -t -d restored -c 'SELECT count(*) FROM charges')"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
INSERT INTO charges (id, article, price) VALUES (1, 2, NULL): domain amount does not allow null values
INSERT INTO charges (id, article) VALUES (1, 2): domain amount does not allow null values
INSERT INTO charges (id, article, price) SELECT orders.id, article, price FROM (VALUES (1, 1), (2, 2)) AS orders (id, article) LEFT JOIN prices USING (article): done
UPDATE charges SET article = 3 WHERE id = 2: done
INSERT INTO charges (id, article, price, column_price) SELECT orders.id, article, 1, price FROM (VALUES (3, 2)) AS orders (id, article) LEFT JOIN prices USING (article): null value in column "column_price" of relation "charges" violates not-null constraint
rows: 1|f 2|t 
restore: domain public.amount does not allow null values
rows restored: 0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: INSERT … SELECT of a LEFT JOIN stores NULL in a column of a domain with NOT NULL, and the dump of the table cannot be restored"
