#!/usr/bin/env bash
# What ends an audit entry by dblink to the same database, which has to wait for the transaction that writes it?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql, with contrib): dblink, used so that the entry stays when the transaction is rolled back; deadlock_timeout
#            of a second.
# Guess:     The deadlock detector, after a second, with 40P01: each side waits for the other.
# Behaviour: Nothing. The entry refers to a row that its own transaction holds FOR UPDATE, waits for it, and the transaction waits for the answer: for five seconds here,
#            until lock_timeout of the inner connection ends it. It works with FOR NO KEY UPDATE, so that a test with an UPDATE passes. Two
#            ordinary sessions that wait for each other are seen after a second.
# Why the guess is wrong: the outer session does not wait for a lock but for a socket (wait event Extension), which the detector knows nothing of.
# Source:    PostgreSQL documentation, 13.3.4 (deadlocks), dblink; contrib/dblink/dblink.c (no cancel on locks); src/backend/storage/lmgr/README.
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
CREATE EXTENSION dblink;
CREATE TABLE executions (id integer PRIMARY KEY, status text);
CREATE TABLE audit (execution_id integer NOT NULL REFERENCES executions, entry text);
INSERT INTO executions VALUES (1, 'queued'), (2, 'queued');
SQL
entry() {
  "$bin/psql" -X -A -t -q -v VERBOSITY=terse -c BEGIN -c "$1" -c "SELECT dblink_exec('host=$work user=probe dbname=postgres options=''-c lock_timeout=5s -c deadlock_timeout=1s''', 'INSERT INTO audit VALUES (1, ''tried'')')" -c ROLLBACK >out 2>&1 &
  session=$!
  sleep 3
  waits="$(query -F ' ' -c "SELECT string_agg(wait_event_type, ', ' ORDER BY backend_start) FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid()")"
  wait "$session" || true
  echo "$1: after 3 s the sessions wait for: ${waits:-nothing}; then: $(grep -e ERROR -e INSERT out | sed 's/^ERROR:  //')"
}
two() {
  query -c BEGIN -c 'UPDATE executions SET status = $$x$$ WHERE id = 1' -c 'SELECT pg_sleep(1)' -c 'UPDATE executions SET status = $$x$$ WHERE id = 2' -c ROLLBACK >one 2>&1 &
  query -c BEGIN -c 'UPDATE executions SET status = $$x$$ WHERE id = 2' -c 'SELECT pg_sleep(1)' -c 'UPDATE executions SET status = $$x$$ WHERE id = 1' -c ROLLBACK >two 2>&1 &
  wait
  grep -h ERROR one two | sed 's/^ERROR:  //'
}
seen="$(
entry 'UPDATE executions SET status = $$sent$$ WHERE id = 1'
entry 'SELECT FROM executions WHERE id = 1 FOR UPDATE'
echo "two ordinary sessions: $(two)"
echo "entries: $(query -c 'SELECT count(*) FROM audit')"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
UPDATE executions SET status = $$sent$$ WHERE id = 1: after 3 s the sessions wait for: nothing; then: INSERT 0 1
SELECT FROM executions WHERE id = 1 FOR UPDATE: after 3 s the sessions wait for: Extension, Lock; then: canceling statement due to lock timeout
two ordinary sessions: deadlock detected
entries: 1
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: the deadlock detector does not see a transaction that waits by dblink for its own lock; without a lock_timeout of the inner connection it waits without end"
