#!/usr/bin/env bash
# Who confirms a commit with synchronous_standby_names = '*' after the only standby has gone, while a program reads the changes (CDC)?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql): pg_recvlogical reads a logical slot, as Debezium and other readers of changes do.
# Guess:     No one: commits wait until a standby is back. A reader of decoded changes has no copy of the database, so that it is none.
# Behaviour: The reader confirms them. pg_stat_replication shows it as synchronous, and COMMIT returns as soon as it has reported the position
#            of its own output. When the primary is lost, every commit since is lost with it, although synchronous_commit was on.
#            Once the reader has ended, commits wait.
# Why the guess is wrong: every WAL sender that reports a flushed position is a candidate, physical or logical; '*' and 'ANY 1 (*)' match any
#            application_name. Names of the standbys exclude the reader.
# Source:    src/backend/replication/syncrep.c, SyncRepGetCandidateStandbys; PostgreSQL documentation, logical
#            replication, subscription ("can be a standby for synchronous replication").
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
trap '"${as[@]}" "$bin/pg_ctl" -D "$work/data" -m immediate stop >/dev/null 2>&1; rm -rf "$work"' EXIT
cd "$work"
"${as[@]}" "$bin/initdb" -D "$work/data" -U probe -A trust >/dev/null
start() { "${as[@]}" "$bin/pg_ctl" -D "$work/data" -o "-c listen_addresses= -c unix_socket_directories=$work -c wal_level=logical -c synchronous_standby_names=*" -l "$work/log" -w start >/dev/null; }
start
export PGHOST="$work" PGUSER=probe PGDATABASE=postgres
query() { "$bin/psql" -X -A -t -q "$@"; }
query -c 'SET synchronous_commit = local' -c 'CREATE TABLE charges (key text)'
"$bin/pg_recvlogical" -d postgres --slot=changes --create-slot -P test_decoding
"$bin/pg_recvlogical" -d postgres --slot=changes --start -f "$work/changes" -F 1 -s 1 &
reader=$!
until_there() {
  for _ in $(seq 200); do
    if [ "$(query -c "SELECT count(*) FROM pg_stat_replication")" = "$1" ]; then return; fi
    sleep 0.05
  done
  echo "the number of readers did not become $1" >&2
  exit 1
}
# statement_timeout would not end the wait.
insert() { if timeout "$2" "$bin/psql" -X -q -c "INSERT INTO charges VALUES ('$1')" >/dev/null 2>&1; then echo returned; else echo waits; fi; }
until_there 1
{
  echo "standbys: 0; COMMIT with a reader of changes: $(insert order-4711 60)"
  echo "pg_stat_replication: $(query -F ', ' -c 'SELECT application_name, sync_state FROM pg_stat_replication')"
  kill "$reader"
  wait "$reader" || true
  until_there 0
  echo "COMMIT without the reader: $(insert order-4712 5)"
} >"$work/seen"
seen="$(cat "$work/seen")"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
standbys: 0; COMMIT with a reader of changes: returned
pg_stat_replication: pg_recvlogical, sync
COMMIT without the reader: waits
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: synchronous_standby_names = '*' takes a program that reads changes for a standby, and confirms commits that no standby has"
