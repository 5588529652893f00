#!/usr/bin/env bash
# How long is it from noon of 24 October 2026 in Vienna to noon of the next day, for Python's datetime with zoneinfo?
#
# Versions:  Python 3.11 (python3 of Debian 12), zoneinfo with tzdata.
# Guess:     25 hours: both values are aware of their zone, and the clocks go back in between. That is what zoneinfo is for.
# Behaviour: 24 hours, if both are in the same zone; 25 if one of them is in Berlin, which has the same time. 45 minutes after 02:30 are 105 minutes later. The two moments 02:30 of that night are
#            equal, their difference is 0, and a set keeps one of them. A deadline of an hour, computed so, ends after two, and a rate or an age is wrong by an hour.
# Why the guess is wrong: arithmetic and comparisons of two datetimes with the same tzinfo object ignore it and work on the clock's face. Only different ones are
#            converted to UTC. Keep times in UTC, and convert them to show them.
# Source:    Python documentation, datetime, "datetime Objects", supported operations, subtraction ("the tzinfo attributes are ignored").
# Output seen: the text in `expected` at the end.
set -euo pipefail
case "$(python3 --version)" in 'Python 3.11.'*) ;; *) echo "needs Python 3.11 (python3)" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cat >"$work/probe.py" <<'PY'
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

vienna, berlin = ZoneInfo('Europe/Vienna'), ZoneInfo('Europe/Berlin')
noon, next_noon = datetime(2026, 10, 24, 12, tzinfo=vienna), datetime(2026, 10, 25, 12, tzinfo=vienna)
print('noon to noon:', next_noon - noon)
print('noon to noon, the second in Berlin:', next_noon.astimezone(berlin) - noon)
print('noon to noon, in UTC:', next_noon.astimezone(timezone.utc) - noon.astimezone(timezone.utc))
first, second = datetime(2026, 10, 25, 2, 30, tzinfo=vienna), datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=vienna)
print('seconds between the two 02:30:', second.timestamp() - first.timestamp())
print('their difference:', second - first, 'equal:', first == second, 'in a set:', len({first, second}))
print('seconds that "+ 45 minutes" adds to the first:', (first + timedelta(minutes=45)).timestamp() - first.timestamp())
PY
seen="$(python3 "$work/probe.py")"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
noon to noon: 1 day, 0:00:00
noon to noon, the second in Berlin: 1 day, 1:00:00
noon to noon, in UTC: 1 day, 1:00:00
seconds between the two 02:30: 3600.0
their difference: 0:00:00 equal: True in a set: 1
seconds that "+ 45 minutes" adds to the first: 6300.0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: Python ignores the zone when it subtracts or compares two datetimes of the same zone, so that a day with 25 hours has 24"
