#!/usr/bin/env bash
# How long does SELECT … FOR UPDATE of three rows wait at most with lock_timeout = 3 s, if other sessions hold the rows?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     3 s, and then it fails with 55P03: the timeout is an upper bound for the time that a statement waits for locks.
# Behaviour: 6 s in this case, without an error: three waits of 2 s, each of which is below the timeout. With n rows it is up to n times the
#            timeout. A statement that meets a batch of slow transactions holds what it has locked for all that time, and others wait for it.
# Why the guess is wrong: the timer starts again with each lock that has to be waited for. statement_timeout limits the sum. SKIP
#            LOCKED and NOWAIT do not wait.
# Source:    PostgreSQL documentation, lock_timeout ("the time limit applies separately to each lock acquisition attempt").
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
start() { "${as[@]}" "$bin/pg_ctl" -D "$work/data" -o "-c listen_addresses= -c unix_socket_directories=$work" -l "$work/log" -w start >/dev/null; }
start
export PGHOST="$work" PGUSER=probe PGDATABASE=postgres
query() { "$bin/psql" -X -A -t -q "$@"; }
query -c 'CREATE TABLE jobs (id integer PRIMARY KEY)' -c 'INSERT INTO jobs VALUES (1), (2), (3)'
# hold ID SECONDS: has locked the row when it returns.
hold() {
  query -c "SET application_name = 'holder $1'" -c BEGIN -c "SELECT 1 FROM jobs WHERE id = $1 FOR UPDATE" -c "SELECT pg_sleep($2)" -c COMMIT >/dev/null &
  for _ in $(seq 200); do
    if [ -n "$(query -c "SELECT 1 FROM pg_stat_activity WHERE application_name = 'holder $1' AND wait_event = 'PgSleep'")" ]; then return; fi
    sleep 0.02
  done
  echo 'does not hold' >&2
  exit 1
}
# taken SETTING: locks the three rows, and shows how that ended, and whether it took longer than 5 s.
taken() {
  query -v VERBOSITY=sqlstate -c "SET lock_timeout = '3s'" -c "$1" -c 'CREATE TEMP TABLE began AS SELECT clock_timestamp() AS at' \
    -c "SELECT count(*) || ' rows' FROM (SELECT id FROM jobs ORDER BY id FOR UPDATE) AS locked" \
    -c "SELECT CASE WHEN clock_timestamp() - at > interval '5 s' THEN 'after more than 5 s' ELSE 'in less than 5 s' END FROM began" 2>&1 | paste -sd' '
}
seen="$(
for setting in 'SET statement_timeout = 0' "SET statement_timeout = '4s'"; do
  hold 3 6
  hold 2 4
  hold 1 2
  echo "rows that are held for 2, 4 and 6 s, $setting: $(taken "$setting")"
  wait
done
hold 1 5
echo "one row that is held for 5 s: $(taken 'SET statement_timeout = 0')"
wait
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
rows that are held for 2, 4 and 6 s, SET statement_timeout = 0: 3 rows after more than 5 s
rows that are held for 2, 4 and 6 s, SET statement_timeout = '4s': ERROR:  57014 in less than 5 s
one row that is held for 5 s: ERROR:  55P03 in less than 5 s
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: lock_timeout of PostgreSQL limits the wait for each row: a statement that waits for three rows waits three times as long, without an error"
