#!/usr/bin/env bash
# What is "two hours later" and "a day earlier" for date, with the time written out?
#
# Versions:  coreutils 9.1 of Debian 12 (coreutils).
# Guess:     date -d '2026-11-30 10:00 +2 hours' is 12:00, as '2026-11-30 +2 hours' is 02:00 and '2026-11-30 10:00 2 hours' is 12:00.
# Behaviour: It is 09:00: an hour earlier. '10:00 -1 day' is 11:00 of the next day: a window that should begin yesterday begins tomorrow, with exit
#            code 0. '10:00 -30 minutes' is an invalid date. Behind a zone ('10:00 UTC +2 hours', '10:00Z -1 day'), or with the step in front ('+2 hours 2026-11-30 10:00'), it is right.
# Why the guess is wrong: a signed number behind a time is its time zone: +2 is UTC+2, -1 is UTC-1, and a zone is at most 24 hours. What remains is "hours" or "day", a step of one.
#            `date --debug` says so ("parsed time part: 10:00:00 UTC-01", "parsed relative part: +1 day(s)").
# Source:    GNU coreutils manual, "Time of day items" ("a time zone correction, expressed as SHHMM … the one- or two-digit correction is interpreted as a number of hours") and "Relative items in date
#            strings" ("No number at all implies 1 for a multiplier"); gnulib, parse-datetime.y (iso_8601_time: tUNUMBER ':' tUNUMBER o_zone_offset).
# Output seen: the text in `expected` at the end.
set -euo pipefail
case "$(date --version | head -1)" in 'date (GNU coreutils) 9.1') ;; *) echo "needs date of coreutils 9.1" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
at() { printf '%s = %s\n' "$1" "$(date -u -d "$1" '+%Y-%m-%d %H:%M' 2>/dev/null || echo 'invalid date')"; }
seen="$(
at '2026-11-30 10:00 +2 hours'
at '2026-11-30T10:00 +2 hours'
at '2026-11-30 10:00 -1 day'
at '2026-11-30 10:00 -30 minutes'
at '2026-11-30 10:00 UTC +2 hours'
at '2026-11-30T10:00Z -1 day'
at '+2 hours 2026-11-30 10:00'
at '2026-11-30 +2 hours'
at '2026-11-30 10:00 2 hours'
at '2026-11-30 10:00 1 day ago'
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
2026-11-30 10:00 +2 hours = 2026-11-30 09:00
2026-11-30T10:00 +2 hours = 2026-11-30 09:00
2026-11-30 10:00 -1 day = 2026-12-01 11:00
2026-11-30 10:00 -30 minutes = invalid date
2026-11-30 10:00 UTC +2 hours = 2026-11-30 12:00
2026-11-30T10:00Z -1 day = 2026-11-29 10:00
+2 hours 2026-11-30 10:00 = 2026-11-30 12:00
2026-11-30 +2 hours = 2026-11-30 02:00
2026-11-30 10:00 2 hours = 2026-11-30 12:00
2026-11-30 10:00 1 day ago = 2026-11-29 10:00
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: date takes the signed number behind a time for its time zone, so that 2026-11-30 10:00 -1 day is the first of December, 11:00"
