#!/usr/bin/env bash
# What does to_number make of an amount that is not written in the form of the template, for example 12,50 with 99999.99?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql), lc_numeric as initdb takes it from LANG=C.
# Guess:     An error: a template says what the text looks like, and what is not a number of this form is refused, as by a cast to numeric.
# Behaviour: 1250, a hundred times the amount. 1.234,56 becomes 1.23, and 1e3 becomes 13. Digits that have no place in the template are cut off, a minus behind the amount and brackets are ignored, and a text behind the
#            number too. None is an error; the cast to numeric refuses or reads each of them rightly. The other way, to_char(1234.56, '999D99') is ###.##, which is no error in an export either.
# Why the guess is wrong: to_number goes through the template and takes the digits that it finds at its places; other characters are skipped. The decimal point is that of the template (or of lc_numeric for D).
# Source:    PostgreSQL documentation, 9.8 (to_number, "template patterns for numeric formatting"); src/backend/utils/adt/formatting.c, NUM_numpart_from_char.
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
read_it() { echo "to_number('$1', '$2'): $(query -c "SELECT to_number('$1', '$2')" 2>&1 | sed -n '1s/^ERROR:  //;1p'); as numeric: $(query -c "SELECT '$1'::numeric" 2>&1 | sed -n '1s/^ERROR:  .*/an error/;1p')"; }
seen="$(
read_it '12.50' '99999.99'
read_it '12,50' '99999.99'
read_it '12,50' '99999D99'
read_it '1.234,56' '9G999D99'
read_it '1,234.56' '9999D99'
read_it '12.505' '999D99'
read_it '1e3' '9999'
read_it '12.50-' '999D99'
read_it '(12.50)' '999D99'
read_it '4711 of order 12' '9999'
echo "to_char(1234.56, '999D99'):$(query -c "SELECT to_char(1234.56, '999D99')")"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
to_number('12.50', '99999.99'): 12.50; as numeric: 12.50
to_number('12,50', '99999.99'): 1250; as numeric: an error
to_number('12,50', '99999D99'): 1250; as numeric: an error
to_number('1.234,56', '9G999D99'): 1.23; as numeric: an error
to_number('1,234.56', '9999D99'): 1234.5; as numeric: an error
to_number('12.505', '999D99'): 12.50; as numeric: 12.505
to_number('1e3', '9999'): 13; as numeric: 1000
to_number('12.50-', '999D99'): 12.50; as numeric: an error
to_number('(12.50)', '999D99'): 12.50; as numeric: an error
to_number('4711 of order 12', '9999'): 4711; as numeric: an error
to_char(1234.56, '999D99'): ###.##
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: to_number('12,50', '99999.99') is 1250, without an error"
