#!/usr/bin/env bash
# What does a publisher receive for the 1001st message of QoS 1 or 2 to a session that is offline, for example during a deployment?
#
# Versions:  Mosquitto 2.0.11 of Debian 12 (mosquitto), mqtt 5.16.0 with MQTT 5, which has a reason code 151 "quota exceeded".
# Guess:     A confirmation, and the message is kept until the session ends; or, if there is a limit, the reason code of a full quota.
# Behaviour: PUBACK and PUBREC with success for each, and the first 1000 are kept. The 200 newest are dropped. The client that comes back gets no
#            sign of a gap, and the newest state is what it misses.
# Why the guess is wrong: QoS is a contract for one hop: the broker confirms to the publisher that it has the message, and then queues it for
#            each subscriber. max_queued_messages (1000) counts per client, and what does not fit is dropped there, when no one waits for
#            an answer. $SYS/broker/publish/messages/dropped counts it.
# Source:    mosquitto.conf(5), max_queued_messages.
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v mosquitto >/dev/null || { echo "needs mosquitto" >&2; exit 2; }
case "$(mosquitto -h)" in *'version 2.0.11'*) ;; *) echo "needs Mosquitto 2.0.11" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts mqtt@5.16.0
cat >probe.mjs <<'JS'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { MqttClient } from 'mqtt';

const socket = `${process.cwd()}/socket`;
writeFileSync('conf', `listener 0 ${socket}\nallow_anonymous true\n${process.getuid() === 0 ? 'user root\n' : ''}`);
const broker = spawn('mosquitto', ['-c', 'conf'], { stdio: 'ignore' });
process.on('exit', () => broker.kill('SIGKILL'));
for (let n = 0; n < 200 && !existsSync(socket); n++) await sleep(50);
const connect = async (clientId, received = []) => {
  const options = { clientId, clean: false, protocolVersion: 5, properties: { sessionExpiryInterval: 86_400 }, reconnectPeriod: 0 };
  const client = new MqttClient(() => net.connect(socket), options);
  client.on('message', (topic, body) => received.push(Number(body.toString())));
  await once(client, 'connect');
  return client;
};
for (const qos of [1, 2]) {
  const topic = `results-${qos}`;
  let worker = await connect(`worker-${qos}`);
  await worker.subscribeAsync(topic, { qos });
  await worker.endAsync();
  const sender = await connect(`sender-${qos}`);
  const codes = new Map();
  sender.on('packetreceive', ({ cmd, reasonCode }) => {
    // A packet without a reason code has 0, success.
    if (cmd === 'puback' || cmd === 'pubrec') codes.set(`${cmd} ${reasonCode ?? 0}`, (codes.get(`${cmd} ${reasonCode ?? 0}`) ?? 0) + 1);
  });
  for (let n = 1; n <= 1200; n++) await sender.publishAsync(topic, String(n), { qos });
  const received = [];
  worker = await connect(`worker-${qos}`, received);
  while (received.length < 1000) await sleep(50);
  await sleep(1000);
  const responses = [...codes].map(([code, count]) => `${code}: ${count}`).join(', ');
  console.log(`QoS ${qos}: published 1200, answered ${responses}; received ${received.length}, from ${received[0]} to ${received.at(-1)}`);
}
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
QoS 1: published 1200, answered puback 0: 1200; received 1000, from 1 to 1000
QoS 2: published 1200, answered pubrec 0: 1200; received 1000, from 1 to 1000
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: Mosquitto confirms every message of QoS 1 and 2, and drops those behind the 1000th of an offline session"
