#!/usr/bin/env bash
# In which column does crosstab of tablefunc put the amount of February, for an account without one in January?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql), tablefunc 1.0.
# Guess:     In February, with NULL in January: the query names the months, and so do the columns.
# Behaviour: In January. The amounts of each account are filled in from the left, so that only accounts without a gap are right; an account with more months than columns loses the last ones. There is no error. With a
#            second query, which lists the months, each amount is in its column; a month that it does not list is left out.
# Why the guess is wrong: with one query crosstab does not look at the second column at all, except to skip over it: the n-th row of an account becomes its n-th value. The names of the columns are an alias.
# Source:    PostgreSQL documentation, F.43, tablefunc, crosstab(text) and crosstab(text, text).
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
query -c 'CREATE EXTENSION tablefunc' -c 'CREATE TABLE charges (account text, month text, amount integer)' \
  -c "INSERT INTO charges VALUES ('all', '01', 1), ('all', '02', 2), ('all', '03', 3), ('gap', '02', 2), ('gap', '03', 3), ('more', '01', 1), ('more', '02', 2), ('more', '03', 3), ('more', '04', 4)"
show() { query -F ' | ' -P null=NULL -c "SELECT * FROM crosstab($1) AS t (account text, january integer, february integer, march integer)" | sed 's/^/  /'; }
rows='$$SELECT account, month, amount FROM charges ORDER BY 1, 2$$'
seen="$(
echo 'crosstab(rows): account, January, February, March'
show "$rows"
echo 'crosstab(rows, months)'
show "$rows, \$\$VALUES ('01'), ('02'), ('03')\$\$"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
crosstab(rows): account, January, February, March
  all | 1 | 2 | 3
  gap | 2 | 3 | NULL
  more | 1 | 2 | 3
crosstab(rows, months)
  all | 1 | 2 | 3
  gap | NULL | 2 | 3
  more | 1 | 2 | 3
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: crosstab with one query fills in amounts from the left, so that the one of February is in January for an account that has none there"
