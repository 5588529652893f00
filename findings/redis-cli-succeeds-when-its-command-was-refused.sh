#!/usr/bin/env bash
# With which exit code does redis-cli end, if the server refuses the command: as a replica, for lack of memory, or because of a wrong type?
#
# Versions:  Redis 7.0.15 of Debian 12 (redis-server, redis-tools).
# Guess:     With another one than 0, so that "redis-cli SET … || alarm" and set -e notice it.
# Behaviour: 0, with READONLY, OOM, WRONGTYPE or ERR in the output, as an argument and from standard input. A wrong password and a database that does not exist are warnings before a PONG. Only a
#            connection that cannot be made is 1. "-e" makes an error of the command 1, but not from standard input.
# Why the guess is wrong: an error is a reply, and a reply was received.
# Source:    redis-cli --help, -e ("Return exit error code when command execution fails").
# Output seen: the text in `expected` at the end.
set -euo pipefail
for command in redis-server redis-cli; do command -v "$command" >/dev/null || { echo "needs $command (redis-server)" >&2; exit 2; }; done
case "$(redis-cli --version)" in *' 7.0.15') ;; *) echo "needs Redis 7.0.15" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
redis-server --port 0 --unixsocket "$work/socket" --dir "$work" --save '' >/dev/null &
server=$!
trap 'kill "$server" && wait "$server" || true; rm -rf "$work"' EXIT
cli() { redis-cli -s "$work/socket" "$@"; }
for _ in $(seq 100); do
  if [ "$(cli PING 2>/dev/null || true)" = PONG ]; then break; fi
  sleep 0.05
done
trial() {
  code=0
  text="$(cli "$@" 2>/dev/null | head -n 1; exit "${PIPESTATUS[0]}")" || code=$?
  echo "redis-cli $*: exit code $code, ${text:0:40}"
}
seen="$(
cli SET text x >/dev/null
trial INCR text
trial -e INCR text
trial LPUSH text x
trial -e LPUSH text x
trial NOTHING
cli CONFIG SET maxmemory 1 >/dev/null
trial SET job x
cli CONFIG SET maxmemory 0 >/dev/null
cli REPLICAOF 127.0.0.1 1 >/dev/null
trial SET job x
trial -e SET job x
code=0
echo 'SET job x' | cli >output 2>/dev/null || code=$?
echo "SET job x from standard input: exit code $code, $(head -c 40 output)"
code=0
echo 'SET job x' | cli -e >output 2>/dev/null || code=$?
echo "SET job x from standard input, -e: exit code $code, $(head -c 40 output)"
cli REPLICAOF NO ONE >/dev/null
trial -n 99 PING
trial -a wrong PING
code=0
redis-cli -s "$work/nowhere" PING >/dev/null 2>&1 || code=$?
echo "no server: exit code $code"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
redis-cli INCR text: exit code 0, ERR value is not an integer or out of ra
redis-cli -e INCR text: exit code 1, 
redis-cli LPUSH text x: exit code 0, WRONGTYPE Operation against a key holdin
redis-cli -e LPUSH text x: exit code 1, 
redis-cli NOTHING: exit code 0, ERR unknown command 'NOTHING', with args
redis-cli SET job x: exit code 0, OOM command not allowed when used memory
redis-cli SET job x: exit code 0, READONLY You can't write against a read 
redis-cli -e SET job x: exit code 1, 
SET job x from standard input: exit code 0, READONLY You can't write against a read 
SET job x from standard input, -e: exit code 0, READONLY You can't write against a read 
redis-cli -n 99 PING: exit code 0, PONG
redis-cli -a wrong PING: exit code 0, PONG
no server: exit code 1
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: redis-cli ends with exit code 0 when the server refuses the command; -e changes it for a command in the arguments"
