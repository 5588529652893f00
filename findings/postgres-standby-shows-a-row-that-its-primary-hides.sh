#!/usr/bin/env bash
# What do the sender, the primary and a standby know of an INSERT that waits for a synchronous standby which is away?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql): a primary, and an asynchronous standby beside a synchronous one that does not exist.
# Guess:     statement_timeout ends the INSERT with an error, and nothing is stored. A standby is never ahead of its primary.
# Behaviour: statement_timeout does not end it. The standby shows the row for as long as it waits, while the primary hides it: there it
#            can be neither read nor deleted. pg_cancel_backend makes the INSERT succeed, with a warning.
# Why the guess is wrong: the commit is in the log when the wait begins, and the timer of the statement is stopped before the commit.
#            Sessions of the primary take a transaction that waits for one that runs; a standby shows what it has replayed. A
#            cancel ends the wait, not the transaction. An INSERT that "timed out" in its client was stored.
# Source:    PostgreSQL documentation, 27.2.8 (synchronous replication); src/backend/replication/syncrep.c, SyncRepWaitForLSN.
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
"${as[@]}" "$bin/pg_ctl" -D "$work/data" -o "-c listen_addresses= -c unix_socket_directories=$work -c synchronous_standby_names=elsewhere" -l "$work/log" -w start >/dev/null
export PGHOST="$work" PGUSER=probe PGDATABASE=postgres
query() { "$bin/psql" -X -A -t -q "$@"; }
query -c 'SET synchronous_commit = local' -c 'CREATE TABLE charges (key text)'
mkdir "$work/second"
if [ "$(id -u)" -eq 0 ]; then chown postgres "$work/second"; fi
"${as[@]}" "$bin/pg_basebackup" -h "$work" -U probe -D "$work/standby" -R -X stream -c fast
"${as[@]}" "$bin/pg_ctl" -D "$work/standby" -o "-c listen_addresses= -c unix_socket_directories=$work/second" -l "$work/log-2" -w start >/dev/null
trap '"${as[@]}" "$bin/pg_ctl" -D "$work/standby" -m immediate stop >/dev/null 2>&1; "${as[@]}" "$bin/pg_ctl" -D "$work/data" -m immediate stop >/dev/null 2>&1; rm -rf "$work"' EXIT
until_it_waits() {
  for _ in $(seq 200); do
    if [ -n "$(query -c "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'")" ]; then return; fi
    sleep 0.05
  done
  echo 'does not wait' >&2
  exit 1
}
seen="$(
query -c "SET statement_timeout = '300ms'" -c "INSERT INTO charges VALUES ('order-4711')" >"$work/client" 2>&1 &
until_it_waits
sleep 2
echo "2 s later the session is: $(query -F ' ' -c "SELECT state, wait_event FROM pg_stat_activity WHERE wait_event = 'SyncRep'")"
echo "rows on the primary: $(query -c 'SELECT count(*) FROM charges'), on the standby: $(query -h "$work/second" -c 'SELECT count(*) FROM charges')"
echo "deleted on the primary: $(query -c 'SET synchronous_commit = local' -c 'WITH gone AS (DELETE FROM charges RETURNING 1) SELECT count(*) FROM gone')"
echo "pg_cancel_backend: $(query -c "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")"
wait $! && echo "the client ends without an error, and sees: $(head -n 1 "$work/client")"
echo "rows on the primary: $(query -c 'SELECT count(*) FROM charges')"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
2 s later the session is: active SyncRep
rows on the primary: 0, on the standby: 1
deleted on the primary: 0
pg_cancel_backend: t
the client ends without an error, and sees: WARNING:  canceling wait for synchronous replication due to user request
rows on the primary: 1
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: while an INSERT waits for its synchronous standby, statement_timeout does not end it, and another standby shows the row that the primary hides"
