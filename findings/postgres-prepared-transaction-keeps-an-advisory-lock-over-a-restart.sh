#!/usr/bin/env bash
# Does a restart of the server free an advisory lock?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql), with max_prepared_transactions = 5.
# Guess:     Yes: advisory locks are in shared memory, belong to a session or to its transaction, and end with it; that is why a leader is chosen by one.
# Behaviour: Not the lock of a transaction that was prepared (PREPARE TRANSACTION, as coordinators of two-phase commit do): it outlives its session and a crash of the server, and nobody becomes the leader. pg_locks shows it
#            without a pid, pg_blocking_pids gives 0, and pg_stat_activity has nothing of it. ROLLBACK PREPARED (or COMMIT PREPARED) frees it. A lock of the session
#            (pg_advisory_lock) ends with the session.
# Why the guess is wrong: a prepared transaction must be able to commit after a crash, so its locks are written to its state file; advisory ones are no exception.
# Source:    PostgreSQL 15 documentation, PREPARE TRANSACTION ("the transaction continues to hold whatever locks it held"); pg_locks, pid ("null if the lock is held by a prepared transaction"); pg_blocking_pids
#            ("represented by a zero process ID"); 13.3.5 Advisory Locks (session level); src/backend/storage/lmgr/lock.c, AtPrepare_Locks (RegisterTwoPhaseRecord for each lock of the transaction).
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
"${as[@]}" "$bin/pg_ctl" -D "$work/data" -o "-c listen_addresses= -c unix_socket_directories=$work -c max_prepared_transactions=5" -l "$work/log" -w start >/dev/null
export PGHOST="$work" PGUSER=probe PGDATABASE=postgres
query() { "$bin/psql" -X -A -t -q -v VERBOSITY=terse "$@" 2>&1 | paste -s -d' '; }
show() { echo "$1: lock free $(query -c 'SELECT pg_try_advisory_xact_lock(1)'), holders $(query -c "SELECT coalesce(string_agg(coalesce(pid::text, 'no pid'), ','), 'none') FROM pg_locks WHERE locktype = 'advisory' AND granted"), other sessions $(query -c "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()")"; }
seen="$(
query -c 'CREATE TABLE charges (key text)' >/dev/null
show 'before'
query -c 'BEGIN' -c 'SELECT pg_advisory_xact_lock(1)' -c "INSERT INTO charges VALUES ('a')" -c "PREPARE TRANSACTION 'charge-a'" >/dev/null
show 'prepared, and its session has ended'
"${as[@]}" "$bin/pg_ctl" -D "$work/data" -m immediate stop >/dev/null
"${as[@]}" "$bin/pg_ctl" -D "$work/data" -o "-c listen_addresses= -c unix_socket_directories=$work -c max_prepared_transactions=5" -l "$work/log" -w start >/dev/null
show 'after a crash of the server'
echo "who waits for it is blocked by: $(
  "$bin/psql" -X -q -c "SET statement_timeout = '20s'" -c 'SELECT pg_advisory_lock(1)' >/dev/null 2>&1 &
  for _ in $(seq 200); do pid="$(query -c "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock'")"; if [ -n "$pid" ]; then break; fi; sleep 0.05; done
  query -c "SELECT pg_blocking_pids($pid)"
  query -c "SELECT pg_cancel_backend($pid)" >/dev/null
  wait
)"
query -c "ROLLBACK PREPARED 'charge-a'" >/dev/null
show 'after ROLLBACK PREPARED'
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
before: lock free t, holders none, other sessions 0
prepared, and its session has ended: lock free f, holders no pid, other sessions 0
after a crash of the server: lock free f, holders no pid, other sessions 0
who waits for it is blocked by: {0}
after ROLLBACK PREPARED: lock free t, holders none, other sessions 0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: an advisory lock of a prepared transaction outlives a crash of the PostgreSQL server, held by no pid"
