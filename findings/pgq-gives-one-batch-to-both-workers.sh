#!/usr/bin/env bash
# What does the second worker of one PgQ consumer get from next_batch, while the first one works on its batch?
#
# Versions:  PgQ 3.5 and PostgreSQL 15 of Debian 12 (postgresql-15-pgq3, postgresql).
# Guess:     The next batch, or NULL: a batch that was handed out belongs to its worker until finish_batch, as in other queues.
# Behaviour: The same batch with the same events, so that both carry out every order. finish_batch of the slower one returns 0 with a warning, when it is too
#            late. Nothing expires either: the batch of a dead worker is that of the next one at once.
# Why the guess is wrong: a consumer is one position in the queue, and next_batch returns its open batch until it is finished. The number of workers is
#            not PgQ's concern; pgq_coop divides a consumer among several.
# Source:    PgQ documentation (pgq.next_batch); pgq/functions/pgq.next_batch.sql; cooperative consumers (pgq_coop).
# Output seen: the text in `expected` at the end.
set -euo pipefail
bin="$(find /usr/lib/postgresql/15/bin -maxdepth 0 2>/dev/null)" || { echo "needs PostgreSQL 15 of Debian" >&2; exit 2; }
[ -e /usr/share/postgresql/15/extension/pgq--3.5.sql ] || { echo "needs PgQ 3.5 (postgresql-15-pgq3)" >&2; exit 2; }
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
query -c 'CREATE EXTENSION pgq' 2>/dev/null
query -c "SELECT pgq.create_queue('charges'), pgq.register_consumer('charges', 'worker')" >/dev/null
tick() { query -c "SELECT pgq.force_tick('charges')" -c "SELECT pgq.ticker('charges')" >/dev/null; }
tick
batch() { query -c "SELECT pgq.next_batch('charges', 'worker')"; }
query -c "SELECT pgq.finish_batch($(batch))" >/dev/null
query -c "SELECT pgq.insert_event('charges', 'charge', 'order-1'), pgq.insert_event('charges', 'charge', 'order-2')" >/dev/null
tick
events() { query -c "SELECT string_agg(ev_data, ', ' ORDER BY ev_id) FROM pgq.get_batch_events($1)"; }
finish() { query -c "SELECT pgq.finish_batch($1)" 2>&1 | sed "s/batch $1/the batch/" | paste -sd ' '; }
seen="$(
one="$(batch)"
two="$(batch)"
echo "worker one: $(events "$one")"
echo "worker two: $([ "$one" = "$two" ] && echo 'the same batch, ')$(events "$two")"
echo "worker one finishes: $(finish "$one")"
echo "worker two finishes: $(finish "$two")"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
worker one: order-1, order-2
worker two: the same batch, order-1, order-2
worker one finishes: 1
worker two finishes: WARNING:  finish_batch: the batch not found 0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: two workers of one PgQ consumer get the same batch, and the second one learns of it from a warning of finish_batch"
