#!/usr/bin/env bash
# Does a Redis stream with a maximum length keep an entry that a consumer has received and not yet acknowledged?
#
# Versions:  Redis 7.0.15 of Debian 12 (redis-server).
# Guess:     Yes: a group has a list of pending entries, so that another consumer claims them when the first one died. MAXLEN removes what all
#            groups are done with.
# Behaviour: No. XADD with MAXLEN removes the entry, although it is pending. XPENDING still counts it. The consumer that reads its own
#            pending entries again gets the id with nil instead of the fields, and XAUTOCLAIM removes it from the list: work is lost,
#            and what was to be done is not known any more. Entries that no consumer has read are removed in the same way.
# Why the guess is wrong: the list of a group has ids only, and trimming knows no groups. MAXLEN must exceed what can ever be behind, or the
#            stream is trimmed with MINID up to the oldest pending id.
# Source:    Redis documentation, XAUTOCLAIM ("deleted entries", since 7.0), XTRIM; src/t_stream.c, streamTrim.
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
ask xreadgroup group workers first count 1 streams jobs '>' >/dev/null
pending() { ask xpending jobs workers - + 10 | sed -E 's/,[0-9]+,[0-9]+\]/]/g'; }
echo "pending: $(pending)"
ask xadd jobs maxlen 2 4-0 charge 4 >/dev/null
echo "entries after an XADD with MAXLEN 2: $(ask xrange jobs - +)"
echo "pending: $(pending)"
echo "its own pending entries, read again: $(ask xreadgroup group workers first streams jobs 0)"
echo "XAUTOCLAIM by the second worker: $(ask xautoclaim jobs workers second 0 0)"
echo "pending: $(pending)"
echo "next for the second worker: $(ask xreadgroup group workers second count 1 streams jobs '>')"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
pending: [["1-0","first"]]
entries after an XADD with MAXLEN 2: [["3-0",["charge","3"]],["4-0",["charge","4"]]]
pending: [["1-0","first"]]
its own pending entries, read again: {"jobs":[["1-0",null]]}
XAUTOCLAIM by the second worker: ["0-0",[],["1-0"]]
pending: []
next for the second worker: {"jobs":[["3-0",["charge","3"]]]}
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a Redis stream removes entries that a consumer has received and not acknowledged, when it reaches MAXLEN"
