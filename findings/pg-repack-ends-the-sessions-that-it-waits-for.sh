#!/usr/bin/env bash
# What does pg_repack do when a transaction of the service holds the table longer than it wants to wait?
#
# Versions:  pg_repack 1.4.8 and PostgreSQL 15 of Debian 12 (postgresql-15-repack, postgresql).
# Guess:     It gives up, as lock_timeout does: it is the tool that "works online", and the service goes first.
# Behaviour: It terminates the session of the service, whose transaction is rolled back, and goes on: by default it cancels after 60 seconds and terminates
#            after 120. The client gets a broken connection in the middle of its transaction. With --no-kill-backend pg_repack gives
#            up; its exit code is 0 then, too, and the table was not repacked.
# Why the guess is wrong: it needs an exclusive lock for its trigger and for the swap, and --wait-timeout says how long it waits before it makes way for
#            itself. The option that keeps it from that is off by default.
# Source:    pg_repack documentation, --wait-timeout, --no-kill-backend; bin/pg_repack.c, lock_exclusive.
# Output seen: the text in `expected` at the end.
set -euo pipefail
bin="$(find /usr/lib/postgresql/15/bin -maxdepth 0 2>/dev/null)" || { echo "needs PostgreSQL 15 of Debian" >&2; exit 2; }
[ -x "$bin/pg_repack" ] || { echo "needs postgresql-15-repack" >&2; exit 2; }
case "$("$bin/pg_repack" --version)" in *1.4.8*) ;; *) echo "needs pg_repack 1.4.8" >&2; exit 2 ;; esac
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
query -c 'CREATE EXTENSION pg_repack' -c 'CREATE TABLE charges (key text PRIMARY KEY)' 2>/dev/null
trial() {
  query -c 'TRUNCATE charges'
  rm -f service
  mkfifo service
  query <service >service.out 2>service.err &
  session=$!
  exec 3>service
  echo "BEGIN; INSERT INTO charges VALUES ('order-4711') RETURNING key;" >&3
  for _ in $(seq 200); do
    if [ -s service.out ]; then break; fi
    sleep 0.05
  done
  code=0
  "$bin/pg_repack" -d postgres -t charges --wait-timeout=1 "$@" >repack.out 2>&1 || code=$?
  echo 'COMMIT;' >&3 2>/dev/null || true
  exec 3>&-
  wait "$session" || true
  echo "pg_repack --wait-timeout=1 $*: exit code $code; the service: $(sed -n 's/^.*FATAL:  //p' service.err | head -n 1 | grep . || echo 'no error'); rows $(query -c 'SELECT count(*) FROM charges')"
  sed -n 's/^/  /;/WARN\|ERROR\|INFO/p' repack.out | uniq
}
seen="$(
trial
trial --no-kill-backend
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
pg_repack --wait-timeout=1 : exit code 0; the service: terminating connection due to administrator command; rows 0
  INFO: repacking table "public.charges"
  WARNING: canceling conflicted backends
  WARNING: terminating conflicted backends
pg_repack --wait-timeout=1 --no-kill-backend: exit code 0; the service: no error; rows 1
  INFO: repacking table "public.charges"
  WARNING: timed out, do not cancel conflicting backends
  INFO: Skipping repack public.charges due to timeout
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: pg_repack terminates the sessions that hold its table for twice --wait-timeout, unless --no-kill-backend is given"
