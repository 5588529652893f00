#!/usr/bin/env bash
# Does Redis with an append-only file keep a write that it has acknowledged, if only its process is killed (kill -9)?
#
# Versions:  Redis 7.0.15 of Debian 12 (redis-server), with strace, which delays its calls of fdatasync as a slow disk does.
# Guess:     With "appendfsync everysec", the default of append-only files, a power loss may lose a second. A killed process loses
#            nothing: Redis calls write(2) before it responds, and the kernel has the bytes.
# Behaviour: While the fdatasync of an earlier write runs, Redis keeps new writes in its memory for up to two seconds and
#            acknowledges them. A kill in that time loses them. With "appendfsync always" nothing is lost.
# Why the guess is wrong: write(2) to a file waits for its fdatasync on some systems, so Redis postpones the write instead of
#            the response. `aof_pending_bio_fsync` in INFO shows when that is so.
# Source:    src/aof.c, flushAppendOnlyFile: "we can try to delay the write for a couple of seconds".
# Output seen: the text in `expected` at the end.
set -euo pipefail
for command in redis-server redis-cli strace; do
  command -v "$command" >/dev/null || { echo "needs $command" >&2; exit 2; }
done
case "$(redis-server --version)" in *v=7.0.15*) ;; *) echo "needs Redis 7.0.15, found: $(redis-server --version)" >&2; exit 2 ;; esac
work="$(mktemp -d)"
tracer=''
server=''
cleanup() {
  if [ -n "$server" ]; then kill -9 "$server" 2>/dev/null || true; fi
  if [ -n "$tracer" ]; then wait "$tracer" 2>/dev/null || true; fi
  rm -rf "$work"
}
trap cleanup EXIT

# A socket file instead of a port.
ask() { redis-cli -s "$work/redis.sock" "$@"; }
until_true() {
  for _ in $(seq 200); do
    if "$@" >/dev/null 2>&1; then return; fi
    sleep 0.05
  done
  echo "did not become true: $*" >&2
  exit 1
}
answers() { [ "$(ask ping)" = PONG ]; }
syncs() { ask info persistence | grep -q '^aof_pending_bio_fsync:1'; }

# Starts Redis on the folder; with a second argument below strace, which delays each fdatasync by that number of microseconds.
start() {
  local folder=$1 policy=$2 delay=${3:-}
  local command=(redis-server --port 0 --unixsocket "$work/redis.sock" --dir "$folder" --save '' --appendonly yes
    --appendfsync "$policy" --pidfile "$folder/redis.pid" --daemonize no --logfile "$folder/redis.log")
  if [ -n "$delay" ]; then
    command=(strace -f -qq -o /dev/null -e trace=fdatasync -e "inject=fdatasync:delay_enter=$delay" "${command[@]}")
  fi
  "${command[@]}" 2>/dev/null &
  tracer=$!
  until_true answers
  server="$(ask info server | tr -d '\r' | sed -n 's/^process_id://p')"
}
kill_it() {
  kill -9 "$server"
  wait "$tracer" 2>/dev/null || true
  server='' tracer=''
  rm -f "$work/redis.sock"
}

trial() {
  local policy=$1 folder="$work/$1"
  mkdir "$folder"
  start "$folder" "$policy" 1500000
  local first second
  first="$(ask set first 1)"
  if [ "$policy" = everysec ]; then until_true syncs; fi
  second="$(ask set second 2)"
  kill_it
  start "$folder" "$policy"
  echo "$policy: responses $first, $second; after kill -9: first=$(ask get first) second=$(ask get second)"
  kill_it
}

# Not in a subshell, so that `cleanup` knows the processes.
{ trial everysec; trial always; } >"$work/seen"
seen="$(cat "$work/seen")"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
everysec: responses OK, OK; after kill -9: first=1 second=
always: responses OK, OK; after kill -9: first=1 second=2
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a killed Redis loses acknowledged writes with appendfsync everysec, if a flush of its file was running"
