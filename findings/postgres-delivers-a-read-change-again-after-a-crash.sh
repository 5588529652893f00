#!/usr/bin/env bash
# Which changes does pg_logical_slot_get_changes return after a crash, if all had been returned, and its transaction was committed?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql), the plugin test_decoding; a server that is killed, with a log that is on disk.
# Guess:     None: the function "consumes" changes, slots are crash-safe, and synchronous_commit is on, so that a committed read is durable.
# Behaviour: The last ones again. An outbox that sends what the function returns sends it twice after each crash. A checkpoint after the read
#            keeps the position.
# Why the guess is wrong: the position of a slot is not in the log but in a file of its own, which is written by a checkpoint, up to five
#            minutes later. The commit of the reading transaction does not contain it. "Crash-safe" means that the slot is not lost. The
#            reader has to store the last lsn with its own work.
# Source:    PostgreSQL documentation, logical decoding concepts, replication slots ("the current position of each slot is persisted only at
#            checkpoint, so in the case of a crash the slot may return to an earlier LSN").
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
start() { "${as[@]}" "$bin/pg_ctl" -D "$work/data" -o "-c listen_addresses= -c unix_socket_directories=$work -c wal_level=logical" -l "$work/log" -w start >/dev/null; }
start
export PGHOST="$work" PGUSER=probe PGDATABASE=postgres
query() { "$bin/psql" -X -A -t -q "$@"; }
changes() { query -c "SELECT data FROM pg_logical_slot_get_changes('outbox', NULL, NULL)" | grep -o "INSERT.*'" | paste -sd' '; }
seen="$(
query -c 'CREATE TABLE results (id text)' -c "SELECT 1 FROM pg_create_logical_replication_slot('outbox', 'test_decoding')" >/dev/null
for n in 1 2 3; do
  query -c "INSERT INTO results VALUES ('result $n')"
  echo "read and committed: $(changes)"
done
echo "read again: $(changes)"
"${as[@]}" "$bin/pg_ctl" -D "$work/data" -m immediate stop >/dev/null
start
# Those before it may have been saved with the position by other activity of the server.
echo "after a crash, the last: $(changes | grep -o 'result 3')"
query -c CHECKPOINT
"${as[@]}" "$bin/pg_ctl" -D "$work/data" -m immediate stop >/dev/null
start
echo "after a checkpoint and a crash: $(changes)"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
read and committed: INSERT: id[text]:'result 1'
read and committed: INSERT: id[text]:'result 2'
read and committed: INSERT: id[text]:'result 3'
read again: 
after a crash, the last: result 3
after a checkpoint and a crash: 
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: PostgreSQL returns changes again after a crash that pg_logical_slot_get_changes had returned in a committed transaction"
