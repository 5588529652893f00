#!/usr/bin/env bash
# Which instant does jq's strptime("%Y-%m-%dT%H:%M:%S%z") | mktime give for a time with an offset?
#
# Versions:  jq 1.6 of Debian 12 (jq); node's Date beside it.
# Guess:     The instant that is meant: the format has %z, the text is accepted, and an offset that is not a number is refused.
# Behaviour: The local digits as if they were UTC: 12:00+02:00 and 12:00-05:00 are one instant, hours away from the real ones, without an error. A text without an
#            offset is refused, so that one sees %z being read. todate then prints them with Z.
# Why the guess is wrong: strptime(3) reads the offset into tm_gmtoff, which jq's list of eight numbers ("broken down time") has no place for, and mktime
#            takes the list for UTC.
# Source:    jq manual, Dates ("mktime requires …"); jq issues 2195 and 929.
# Output seen: the text in `expected` at the end.
set -euo pipefail
for command in jq node; do command -v "$command" >/dev/null || { echo "needs $command" >&2; exit 2; }; done
case "$(jq --version)" in jq-1.6*) ;; *) echo "needs jq 1.6" >&2; exit 2 ;; esac
export TZ=UTC
read_it() { jq -n -r --arg t "$1" '$t | strptime("%Y-%m-%dT%H:%M:%S%z") | mktime | todate' 2>/dev/null || echo refuses it; }
seen="$(
for time in 2026-06-01T12:00:00+0000 2026-06-01T12:00:00Z 2026-06-01T12:00:00+0200 2026-06-01T12:00:00+02:00 2026-06-01T12:00:00-0500 2026-06-01T12:00:00; do
  echo "$time: jq $(read_it "$time"), meant $(node -p 'const time = process.argv[1]; /[Z+-]\d*:?\d*$/.test(time.slice(19)) ? new Date(time.replace(/(\d\d)(\d\d)$/, "$1:$2")).toISOString().replace(".000", "") : "unknown"' "$time")"
done
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
2026-06-01T12:00:00+0000: jq 2026-06-01T12:00:00Z, meant 2026-06-01T12:00:00Z
2026-06-01T12:00:00Z: jq 2026-06-01T12:00:00Z, meant 2026-06-01T12:00:00Z
2026-06-01T12:00:00+0200: jq 2026-06-01T12:00:00Z, meant 2026-06-01T10:00:00Z
2026-06-01T12:00:00+02:00: jq 2026-06-01T12:00:00Z, meant 2026-06-01T10:00:00Z
2026-06-01T12:00:00-0500: jq 2026-06-01T12:00:00Z, meant 2026-06-01T17:00:00Z
2026-06-01T12:00:00: jq refuses it, meant unknown
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: jq's strptime with %z accepts an offset and ignores it, so that 12:00+0200 becomes 12:00 UTC"
