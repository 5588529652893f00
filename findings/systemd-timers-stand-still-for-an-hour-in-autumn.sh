#!/usr/bin/env bash
# When does a systemd timer with OnCalendar=*:0/15 elapse in the night in which the clock is set back, and when one with OnCalendar=*-*-* 02:30:00 in the other night?
#
# Versions:  systemd 252 of Debian 12 (systemd): systemd-analyze calendar, which computes as the timers do; the zone Europe/Berlin.
# Guess:     Every fifteen minutes: an interval has nothing to do with the name of the hour. The daily one at 03:30 at the latest, as cron of Debian runs what falls into the gap.
# Behaviour: The first one not at all for an hour and a quarter: the hour from 02:00 to 03:00 elapses once, and its repetition is left out. "hourly" has a gap of two hours. A sweep, a check or an export that
#            runs every few minutes pauses, and an alert on its age fires. 02:30 is left out in spring: the next run is a day later. With UTC in the expression, or
#            OnUnitActiveSec, there is no gap.
# Why the guess is wrong: OnCalendar is a pattern of local times, and the next match is looked for as a local time after the last one: 02:45 is followed by 03:00, which is 75 minutes
#            later. A time that does not exist matches nothing.
# Source:    systemd, src/shared/calendarspec.c, find_next; systemd.time(7), calendar events.
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v systemd-analyze >/dev/null || { echo "needs systemd" >&2; exit 2; }
case "$(systemd-analyze --version)" in 'systemd 252 '*) ;; *) echo "needs systemd 252" >&2; exit 2 ;; esac
[ -e /usr/share/zoneinfo/Europe/Berlin ] || { echo "needs tzdata" >&2; exit 2; }
export TZ=Europe/Berlin
next() { echo "$3, after $2: $(systemd-analyze calendar --base-time="$2" --iterations="$1" "$3" | sed -n 's/.*(in UTC): [A-Z][a-z]* \(.*\) UTC$/\1/p' | sed 's/:00$//' | paste -sd ',' | sed 's/,/, /g') UTC"; }
seen="$(
echo 'the clock is set back from 03:00 to 02:00 at 2026-10-25 01:00 UTC:'
next 5 '2026-10-25 00:20 UTC' '*:0/15'
next 4 '2026-10-24 22:30 UTC' 'hourly'
next 5 '2026-10-25 00:20 UTC' '*:0/15 UTC'
next 2 '2026-10-24 20:00 UTC' '*-*-* 02:30:00'
echo 'the clock is set forward from 02:00 to 03:00 at 2026-03-29 01:00 UTC:'
next 5 '2026-03-29 00:20 UTC' '*:0/15'
next 2 '2026-03-28 12:00 UTC' '*-*-* 02:30:00'
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
the clock is set back from 03:00 to 02:00 at 2026-10-25 01:00 UTC:
*:0/15, after 2026-10-25 00:20 UTC: 2026-10-25 00:30, 2026-10-25 00:45, 2026-10-25 02:00, 2026-10-25 02:15, 2026-10-25 02:30 UTC
hourly, after 2026-10-24 22:30 UTC: 2026-10-24 23:00, 2026-10-25 00:00, 2026-10-25 02:00, 2026-10-25 03:00 UTC
*:0/15 UTC, after 2026-10-25 00:20 UTC: 2026-10-25 00:30, 2026-10-25 00:45, 2026-10-25 01:00, 2026-10-25 01:15, 2026-10-25 01:30 UTC
*-*-* 02:30:00, after 2026-10-24 20:00 UTC: 2026-10-25 00:30, 2026-10-26 01:30 UTC
the clock is set forward from 02:00 to 03:00 at 2026-03-29 01:00 UTC:
*:0/15, after 2026-03-29 00:20 UTC: 2026-03-29 00:30, 2026-03-29 00:45, 2026-03-29 01:00, 2026-03-29 01:15, 2026-03-29 01:30 UTC
*-*-* 02:30:00, after 2026-03-28 12:00 UTC: 2026-03-30 00:30, 2026-03-31 00:30 UTC
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a systemd timer with OnCalendar=*:0/15 pauses for 75 minutes when the clock is set back, and one at 02:30 is left out when it is set forward"
