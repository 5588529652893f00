#!/usr/bin/env bash
# Which sum has jsonb_path_query(document, '$.**.amount') over all amounts at any depth of a document, if some of them are in an array?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     Each amount once: $.** goes through every part of the document, and .amount takes the member of those which have it.
# Behaviour: Each amount of an object that is an element of an array comes twice, the others once: 1 + 10 + 20 is 61. With a filter it is the same. "strict $.**.amount" returns each once, and
#            so does a path that is written out, $.order.items[*].amount.
# Why the guess is wrong: .** selects the array and also its elements, and in lax mode, the default, a member of an array is a member of each of its elements.
# Source:    PostgreSQL documentation, 9.16.2.1 (strict and lax modes: "the .** accessor can lead to surprising results when using the lax mode").
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
document='{"order": {"amount": 1, "items": [{"amount": 10}, {"amount": 20}]}}'
trial() { echo "$1: $(query -c "SELECT string_agg(value::text, ' '), sum(value::numeric) FROM jsonb_path_query('$document', '$1') AS value" | sed 's/|/; sum /')"; }
seen="$(
trial '$.order.items[*].amount'
trial '$.**.amount'
trial 'strict $.**.amount'
trial '$.**{2 to last}.amount'
trial '$.** ? (@.amount > 0).amount'
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
$.order.items[*].amount: 10 20; sum 30
$.**.amount: 1 10 20 10 20; sum 61
strict $.**.amount: 1 10 20; sum 31
$.**{2 to last}.amount: 10 20 10 20; sum 60
$.** ? (@.amount > 0).amount: 1 10 20 10 20; sum 61
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: the jsonpath \$.**.amount returns each amount in an array twice, so that a sum is too large"
