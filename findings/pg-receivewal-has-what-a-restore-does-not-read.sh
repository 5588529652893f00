#!/usr/bin/env bash
# Which acknowledged rows does a restore from the archive of pg_receivewal --synchronous have, after the primary is gone?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql): pg_receivewal with a slot, as a synchronous standby; restore_command = 'cp …/%f %p'.
# Guess:     All: every commit has waited until pg_receivewal had flushed it, and the restore has the whole archive.
# Behaviour: Those of complete segments only. The row in the last segment is on the disk of the archive and is not restored; the recovery ends
#            without an error, and the server takes writes. The loss is up to 16 MB of acknowledged commits. Renamed without ".partial" the file is read.
# Why the guess is wrong: the current segment has the suffix .partial, and the server asks for %f without it. A file that is not there means that
#            the archive has ended.
# Source:    PostgreSQL documentation, 26.3.4 (restore_command); pg_receivewal, which does not mention the suffix; src/bin/pg_basebackup/pg_receivewal.c.
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
mkdir archive
if [ "$(id -u)" -eq 0 ]; then chown postgres archive; fi
query -c 'CREATE TABLE charges (key text)'
"${as[@]}" "$bin/pg_basebackup" -h "$work" -U probe -D "$work/base" -X stream -c fast
"${as[@]}" "$bin/pg_receivewal" -D archive -S archive --create-slot
PGAPPNAME=archive "${as[@]}" "$bin/pg_receivewal" -D archive -S archive --synchronous >/dev/null 2>&1 &
receiver=$!
query -c "ALTER SYSTEM SET synchronous_standby_names = 'archive'" -c 'SELECT pg_reload_conf()' >/dev/null
for _ in $(seq 200); do
  if [ "$(query -c "SELECT sync_state FROM pg_stat_replication WHERE application_name = 'archive'")" = sync ]; then break; fi
  sleep 0.05
done
query -c "INSERT INTO charges VALUES ('order-1')" -c 'SELECT pg_switch_wal()' >/dev/null
query -c "INSERT INTO charges VALUES ('order-2')"
"${as[@]}" "$bin/pg_ctl" -D "$work/data" -m immediate -w stop >/dev/null
kill "$receiver" 2>/dev/null || true
wait "$receiver" || true
mkdir second
if [ "$(id -u)" -eq 0 ]; then chown postgres second; fi
restore() {
  "${as[@]}" cp -a base "$1"
  "${as[@]}" touch "$1/recovery.signal"
  "${as[@]}" "$bin/pg_ctl" -D "$work/$1" -o "-c listen_addresses= -c unix_socket_directories=$work/second -c restore_command='cp $work/archive/%f %p'" -l "$work/log-$1" -w start >/dev/null
  for _ in $(seq 200); do
    if [ "$(query -h "$work/second" -c 'SELECT pg_is_in_recovery()')" = f ]; then break; fi
    sleep 0.05
  done
  query -h "$work/second" -c "INSERT INTO charges VALUES ('a new one')"
  query -h "$work/second" -c "SELECT string_agg(key, ', ' ORDER BY key DESC) FROM charges"
  "${as[@]}" "$bin/pg_ctl" -D "$work/$1" -m immediate -w stop >/dev/null
}
seen="$(
echo "acknowledged: order-1, order-2; files of the archive with .partial: $(find archive -name '*.partial' | wc -l)"
echo "restored: $(restore first)"
for file in archive/*.partial; do mv "$file" "${file%.partial}"; done
echo "restored without the suffix: $(restore again)"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
acknowledged: order-1, order-2; files of the archive with .partial: 1
restored: order-1, a new one
restored without the suffix: order-2, order-1, a new one
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a restore does not read the .partial segment of pg_receivewal, so that up to 16 MB of commits are lost which it has acknowledged"
