#!/usr/bin/env bash
# Which worker gets the two entries that a dead consumer of a Redis stream has received, after XGROUP DELCONSUMER has removed that consumer?
#
# Versions:  Redis 7.0.15 of Debian 12 (redis-server).
# Guess:     The next that reads: they were not acknowledged, so that they return to the group, as with a queue whose consumer disconnects.
# Behaviour: None. XPENDING is empty, XAUTOCLAIM finds nothing, XREADGROUP > returns what follows, and the group reports a lag of 0. The
#            command answers 2. The entries are still in the stream, but nothing says that they were not processed. A clean-up of idle
#            consumers, or a worker that removes itself at the end, loses its work.
# Why the guess is wrong: the group has one position, behind the last delivered entry, and the list of pending entries belongs to the consumer. It
#            is deleted with it. Claim first (XAUTOCLAIM), and delete a consumer whose "pending" is 0, without a gap between.
# Source:    Redis documentation, XGROUP DELCONSUMER ("any pending messages that the consumer had will become unclaimable after it was deleted").
# Output seen: the text in `expected` at the end.
set -euo pipefail
for command in redis-server redis-cli; do command -v "$command" >/dev/null || { echo "needs $command" >&2; exit 2; }; done
case "$(redis-server --version)" in *v=7.0.15*) ;; *) echo "needs Redis 7.0.15, found: $(redis-server --version)" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
ask() { redis-cli -s "$work/redis.sock" --json "$@"; }
redis-server --port 0 --unixsocket "$work/redis.sock" --dir "$work" --save '' --logfile "$work/log" &
trap 'kill %1; wait; rm -rf "$work"' EXIT
for _ in $(seq 200); do
  if [ "$(ask ping 2>/dev/null)" = '"PONG"' ]; then break; fi
  sleep 0.05
done
seen="$(
ask xgroup create jobs workers 0 mkstream >/dev/null
for n in 1 2 3; do ask xadd jobs "$n-0" charge "$n" >/dev/null; done
# Delivered to the first worker, which ends before it acknowledges.
ask xreadgroup group workers first count 2 streams jobs '>' >/dev/null
echo "pending: $(ask xpending jobs workers)"
echo "XGROUP DELCONSUMER: $(ask xgroup delconsumer jobs workers first)"
echo "pending: $(ask xpending jobs workers)"
echo "XAUTOCLAIM by the second worker: $(ask xautoclaim jobs workers second 0 0)"
echo "next for the second worker: $(ask xreadgroup group workers second count 10 streams jobs '>')"
ask xack jobs workers 3-0 >/dev/null
echo "group: $(ask xinfo groups jobs)"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
pending: [2,"1-0","2-0",[["first","2"]]]
XGROUP DELCONSUMER: 2
pending: [0,null,null,null]
XAUTOCLAIM by the second worker: ["0-0",[],[]]
next for the second worker: {"jobs":[["3-0",["charge","3"]]]}
group: [{"name":"workers","consumers":1,"pending":0,"last-delivered-id":"3-0","entries-read":3,"lag":0}]
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: XGROUP DELCONSUMER deletes the pending entries of the consumer, so that no other consumer of the group gets them"
