#!/usr/bin/env bash
# What does Redis load that has run with snapshots, and is started with `appendonly yes` for the first time?
#
# Versions:  Redis 7.0.15 of Debian 12 (redis-server).
# Guess:     The snapshot (dump.rdb), as there is no append-only file yet; from then on it writes both.
# Behaviour: Nothing: it starts empty. At the next save, for example when it stops, it overwrites the
#            snapshot with the empty state. After a return to the old configuration the data is gone.
# Why the guess is wrong: which of both is loaded follows from the configuration, not from the files. With `appendonly yes` an append-only
#            file that does not exist is an empty database. Only `CONFIG SET appendonly yes` on the running server writes the data to the
#            new file first; it is in the configuration file afterwards by CONFIG REWRITE.
# Source:    Redis documentation, "Persistence" (how to switch to AOF); src/server.c, loadDataFromDisk.
# Output seen: the text in `expected` at the end.
set -euo pipefail
for command in redis-server redis-cli; do command -v "$command" >/dev/null || { echo "needs $command" >&2; exit 2; }; done
case "$(redis-server --version)" in *v=7.0.15*) ;; *) echo "needs Redis 7.0.15, found: $(redis-server --version)" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
ask() { redis-cli -s "$work/redis.sock" "$@"; }
# Starts Redis in a folder, runs a command, and stops it as systemd does.
session() {
  local folder=$1 server
  shift
  redis-server --port 0 --unixsocket "$work/redis.sock" --dir "$folder" --save '3600 1' --logfile redis.log "${settings[@]}" &
  server=$!
  for _ in $(seq 200); do
    if [ "$(ask ping 2>/dev/null)" = PONG ]; then break; fi
    sleep 0.05
  done
  "$@"
  kill -TERM "$server"
  wait "$server" || true
}
fill() { ask set result-4711 COMPLETED >/dev/null; }
keys() {
  local found
  found="$(ask keys '*' | paste -sd' ')"
  echo "$1: the keys are ${found:-none}"
}
add() {
  keys "$1"
  ask set added-later 1 >/dev/null
}
switch() {
  ask config set appendonly yes >/dev/null
  for _ in $(seq 200); do
    if ask info persistence | grep -q '^aof_rewrite_in_progress:0'; then break; fi
    sleep 0.05
  done
}
seen="$(
mkdir "$work/file" "$work/running"
settings=()
session "$work/file" fill
session "$work/file" keys 'with snapshots'
settings=(--appendonly yes)
session "$work/file" add 'started with appendonly yes'
settings=()
session "$work/file" keys 'with snapshots again'
session "$work/running" fill
session "$work/running" switch
settings=(--appendonly yes)
session "$work/running" keys 'started with appendonly yes, after CONFIG SET of the running server'
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
with snapshots: the keys are result-4711
started with appendonly yes: the keys are none
with snapshots again: the keys are added-later
started with appendonly yes, after CONFIG SET of the running server: the keys are result-4711
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: Redis starts empty when appendonly yes is added to its configuration, and overwrites the snapshot later"
