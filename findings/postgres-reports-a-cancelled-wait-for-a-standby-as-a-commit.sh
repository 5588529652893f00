#!/usr/bin/env bash
# What does a client get whose commit waits for the synchronous standby, when a timeout passes or the wait is cancelled?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql): synchronous_standby_names names a standby that is away; statement_timeout.
# Guess:     An error: statement_timeout ends the statement (57014), and so does a cancel. What the standby does not have is not reported as done.
# Behaviour: statement_timeout does not end the wait at all: the client waits for as long as the standby is away. A cancel (pg_cancel_backend, Ctrl-C in
#            psql, a driver whose timeout sends a cancel) ends it with success: "INSERT 0 1" or COMMIT, exit code 0, and a WARNING that most drivers drop. The row
#            is visible from then on, and lost after a promotion.
# Why the guess is wrong: the timeout is switched off before the commit, because a transaction that is in the log of the server cannot fail any more. So
#            a cancel can only stop the wait. A cancel is safe at every other moment of a statement.
# Source:    src/backend/tcop/postgres.c, finish_xact_command (disable_statement_timeout); src/backend/replication/syncrep.c, SyncRepWaitForLSN.
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
PGOPTIONS='-c synchronous_commit=local' query -c 'CREATE TABLE charges (id integer PRIMARY KEY)'
query -c "ALTER SYSTEM SET synchronous_standby_names = 'standby'"
"${as[@]}" "$bin/pg_ctl" -D "$work/data" -m fast -w restart >/dev/null
# The checkpointer publishes the names; when it has carried out a checkpoint, it has done so.
query -c CHECKPOINT
waiting() { query -c "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND backend_type = 'client backend'"; }
rows() { query -c 'SELECT count(*) FROM charges'; }
trial() {
  PGOPTIONS='-c statement_timeout=500ms' "$bin/psql" -X -A -t "${@:2}" >out 2>err &
  client=$!
  until [ -n "$(waiting)" ]; do sleep 0.1; done
  sleep 1.5
  echo "$1, after three times its statement_timeout: $([ -n "$(waiting)" ] && echo waits || echo ended); rows that others see: $(rows)"
  query -c "SELECT pg_cancel_backend($(waiting))" >/dev/null
  code=0
  wait "$client" || code=$?
  echo "$1, cancelled: exit code $code, $(paste -sd ' ' out), $(sed -n '1s/:.*//p' err); rows that others see: $(rows)"
}
seen="$(
code=0
PGOPTIONS='-c statement_timeout=500ms' query -c 'SELECT pg_sleep(60)' >out 2>&1 || code=$?
echo "SELECT pg_sleep(60): exit code $code, $(cat out)"
trial INSERT -c 'INSERT INTO charges VALUES (1)'
trial 'BEGIN, INSERT, COMMIT' -c BEGIN -c 'INSERT INTO charges VALUES (2)' -c COMMIT
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
SELECT pg_sleep(60): exit code 1, ERROR:  canceling statement due to statement timeout
INSERT, after three times its statement_timeout: waits; rows that others see: 0
INSERT, cancelled: exit code 0, INSERT 0 1, WARNING; rows that others see: 1
BEGIN, INSERT, COMMIT, after three times its statement_timeout: waits; rows that others see: 1
BEGIN, INSERT, COMMIT, cancelled: exit code 0, BEGIN INSERT 0 1 COMMIT, WARNING; rows that others see: 2
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: PostgreSQL reports success for a commit whose wait for the synchronous standby is cancelled, and statement_timeout does not end that wait"
