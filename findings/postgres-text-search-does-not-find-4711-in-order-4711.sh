#!/usr/bin/env bash
# Does a text search of PostgreSQL for 4711 find the entry "order-4711 failed", and a search for order-4711 the entry "order 4711 failed"?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql), configuration simple, websearch_to_tsquery.
# Guess:     Yes: a hyphen separates words, and a word with hyphens is stored with its parts as well.
# Behaviour: Neither. order-4711 is the word "order" and the number -4711, so that 4711 is not in it. order/4711 is a path and order.4711 a host name, each a single word: not even "order" is found. With
#            _, : or # both are found. So one log is found by the number of its order, and another one is not, depending on how the program wrote the key.
# Why the guess is wrong: the parser looks for kinds of words (signed numbers, hosts, paths, versions) and not for separators. Only a hyphen between two words with letters makes a compound with its parts.
# Source:    PostgreSQL documentation, 12.5 (parsers: int, "signed integer"; host; file), ts_debug.
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
search() { query -c "SELECT string_agg(query || CASE WHEN to_tsvector('simple', '$1') @@ websearch_to_tsquery('simple', query) THEN ' found' ELSE ' not found' END, '; ') FROM unnest(ARRAY['4711', 'order', 'order-4711', 'order 4711']) AS query"; }
words() { query -c "SELECT string_agg(lexeme, ' ' ORDER BY positions[1]) FROM unnest(to_tsvector('simple', '$1'))"; }
seen="$(
for text in 'order 4711 failed' 'order-4711 failed' 'order_4711 failed' 'order/4711 failed' 'order.4711 failed' 'order:4711 failed' 'order#4711 failed' 'order=4711 failed' 'orders-2026-4711 failed' 'order4711 failed' '/orders/4711/charge failed' 'order-a4711 failed'; do
  echo "$text: words $(words "$text"); $(search "$text")"
done
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
order 4711 failed: words order 4711 failed; 4711 found; order found; order-4711 not found; order 4711 found
order-4711 failed: words order -4711 failed; 4711 not found; order found; order-4711 found; order 4711 not found
order_4711 failed: words order 4711 failed; 4711 found; order found; order-4711 not found; order 4711 found
order/4711 failed: words order/4711 failed; 4711 not found; order not found; order-4711 not found; order 4711 not found
order.4711 failed: words order.4711 failed; 4711 not found; order not found; order-4711 not found; order 4711 not found
order:4711 failed: words order 4711 failed; 4711 found; order found; order-4711 not found; order 4711 found
order#4711 failed: words order 4711 failed; 4711 found; order found; order-4711 not found; order 4711 found
order=4711 failed: words order 4711 failed; 4711 found; order found; order-4711 not found; order 4711 found
orders-2026-4711 failed: words orders -2026 -4711 failed; 4711 not found; order not found; order-4711 not found; order 4711 not found
order4711 failed: words order4711 failed; 4711 not found; order not found; order-4711 not found; order 4711 not found
/orders/4711/charge failed: words /orders/4711/charge failed; 4711 not found; order not found; order-4711 not found; order 4711 not found
order-a4711 failed: words order-a4711 order a4711 failed; 4711 not found; order found; order-4711 not found; order 4711 not found
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a text search for 4711 does not find order-4711, whose number is -4711 for the parser, nor order/4711 and order.4711"
