#!/usr/bin/env bash
# What does a PostgreSQL do that is restored to a time after which nothing was committed: "now", or a minute of a quiet night?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql): pg_basebackup, an archive of the log, recovery_target_time, recovery_target_action=promote.
# Guess:     It replays the whole archive and opens: the state at that time is the state after the last commit before it.
# Behaviour: It replays everything, is consistent, and then ends with FATAL "recovery ended before configured recovery target was reached".
#            pg_ctl fails, and so does every further start. Without the target it opens with all rows, and with one commit more in the
#            archive the same target works.
# Why the guess is wrong: recovery stops at the first commit after the target, so that the archive must contain one. Where it ends earlier
#            the server cannot distinguish a quiet hour from a missing file, and refuses (since PostgreSQL 13; before, it opened).
#            A rehearsal with traffic always passes.
# Source:    PostgreSQL documentation, release notes of 13 ("Generate an error if recovery does not reach the specified recovery target");
#            src/backend/access/transam/xlogrecovery.c, FinishWalRecovery.
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
start() { "${as[@]}" "$bin/pg_ctl" -D "$work/data" -o "-c listen_addresses= -c unix_socket_directories=$work -c archive_mode=on -c archive_command='cp %p $work/archive/%f'" -l "$work/log" -w start >/dev/null; }
start
export PGHOST="$work" PGUSER=probe PGDATABASE=postgres
query() { "$bin/psql" -X -A -t -q "$@"; }
folder() { mkdir "$1"; if [ "$(id -u)" -eq 0 ]; then chown postgres "$1"; fi; }
folder "$work/archive"
# Closes the current file of the log, and waits until it is in the archive.
archive() {
  local file
  file="$(query -c 'SELECT pg_walfile_name(pg_current_wal_lsn())')"
  query -c 'SELECT pg_switch_wal()' >/dev/null
  for _ in $(seq 200); do
    if [ -n "$(query -c "SELECT 1 FROM pg_stat_archiver WHERE last_archived_wal >= '$file'")" ]; then return; fi
    sleep 0.05
  done
  echo 'the log is not archived' >&2
  exit 1
}
query -c 'CREATE TABLE charges (key text)'
"${as[@]}" "$bin/pg_basebackup" -h "$work" -U probe -D "$work/base" -X none -c fast 2>/dev/null
query -c "INSERT INTO charges VALUES ('order-4711')"
target="$(query -c "SELECT clock_timestamp() + interval '10 ms'")"
sleep 0.1
archive
# restore NAME [SETTING]: starts a copy of the base backup, and shows how far it comes.
restore() {
  local folder="$work/$1" log="$work/log-$1"
  "${as[@]}" cp -a "$work/base" "$folder"
  "${as[@]}" touch "$folder/recovery.signal"
  folder "$work/socket-$1"
  local options="-c listen_addresses= -c unix_socket_directories=$work/socket-$1 -c archive_mode=off -c restore_command='cp $work/archive/%f %p' -c recovery_target_action=promote ${2:-}"
  "${as[@]}" "$bin/pg_ctl" -D "$folder" -o "$options" -l "$log" -W start >/dev/null
  for _ in $(seq 600); do
    # Not in recovery any more: it accepts writes.
    if [ "$(query -h "$work/socket-$1" -c 'SELECT pg_is_in_recovery()' 2>/dev/null)" = f ]; then
      echo "$1: open, rows $(query -h "$work/socket-$1" -c 'SELECT count(*) FROM charges')"
      "${as[@]}" "$bin/pg_ctl" -D "$folder" -m immediate stop >/dev/null
      return
    fi
    if grep -q 'database system is shut down' "$log"; then
      echo "$1: ended; $(grep -o 'consistent recovery state reached' "$log"); $(grep -o 'FATAL:  recovery.*' "$log")"
      return
    fi
    sleep 0.05
  done
  echo "$1: neither open nor ended" >&2
  exit 1
}
seen="$(
restore no-target
restore target "-c recovery_target_time='$target'"
query -c "INSERT INTO charges VALUES ('order-4712')"
archive
restore target-after-one-more-commit "-c recovery_target_time='$target'"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
no-target: open, rows 1
target: ended; consistent recovery state reached; FATAL:  recovery ended before configured recovery target was reached
target-after-one-more-commit: open, rows 1
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: PostgreSQL refuses to start after a recovery to a time behind the last commit of the archive, although everything was replayed"
