#!/usr/bin/env bash
# How often does ActiveMQ deliver a job by STOMP that its worker rejects with NACK, and where is it then?
#
# Versions:  ActiveMQ 5.17.2 of Debian 12 (activemq), a broker with a store and otherwise defaults; node as a client of STOMP 1.2.
# Guess:     Seven times: NACK asks for another attempt, ActiveMQ repeats a message six times by default and puts it into ActiveMQ.DLQ then.
# Behaviour: Once. The first NACK of a message with "persistent:true" puts it into ActiveMQ.DLQ; without the header, which is what a SEND is by
#            default, the message is in no queue any more. A worker that breaks its connection instead gets the job again, every time and without
#            a limit.
# Why the guess is wrong: the limit of six belongs to the redelivery policy of the JMS client, which repeats a message itself and reports it as
#            poison at the end. NACK is translated to that report. The dead letter queue takes no message that is not persistent, unless
#            processNonPersistent is set. ack mode "client-individual" and a broken connection are the way to a repetition.
# Source:    StompSubscription.java (onStompMessageNack: POSION_ACK_TYPE); AbstractDeadLetterStrategy.java (isSendToDeadLetterQueue); STOMP 1.2,
#            NACK ("The exact behavior is server specific"), as cited in ARTEMIS-1983.
# Output seen: the text in `expected` at the end.
set -euo pipefail
[ -e /usr/share/java/activemq-broker-5.17.2.jar ] || { echo "needs ActiveMQ 5.17.2 of Debian (activemq)" >&2; exit 2; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >probe.mjs <<'JS'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const folder = process.cwd();
const socket = net.createServer().listen(0, '127.0.0.1');
await once(socket, 'listening');
const { port } = socket.address();
socket.close();
await once(socket, 'close');
const start = async () => {
  const uri = `broker:(stomp://127.0.0.1:${port})?persistent=true&useJmx=false&dataDirectory=${folder}/data`;
  const broker = spawn('java', ['-Dactivemq.home=/usr/share/activemq', `-Dactivemq.base=${folder}`, '-jar', '/usr/share/activemq/bin/activemq.jar', 'start', uri], { stdio: 'ignore' });
  process.on('exit', () => broker.kill('SIGKILL'));
  for (let n = 0; n < 600; n++) {
    const attempt = net.connect(port, '127.0.0.1');
    const open = await once(attempt, 'connect').then(() => true, () => false);
    attempt.destroy();
    if (open) return broker;
    await sleep(100);
  }
  throw new Error('ActiveMQ does not start');
};
const connect = async () => {
  const connection = net.connect(port, '127.0.0.1');
  const frames = [];
  let text = '';
  let wake = () => {};
  connection.on('error', () => {}).on('data', (chunk) => {
    text += chunk;
    for (let end = text.indexOf('\0'); end >= 0; end = text.indexOf('\0')) {
      const [head, body] = text.slice(0, end).trimStart().split('\n\n');
      text = text.slice(end + 1);
      const [command, ...headers] = head.split('\n');
      frames.push({ command, body, ...Object.fromEntries(headers.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)])) });
    }
    wake();
  });
  // The next frame of this kind, or undefined if there is none for so long.
  const next = async (command, time = 60_000) => {
    const end = Date.now() + time;
    for (;;) {
      const index = frames.findIndex((frame) => frame.command === command);
      if (index >= 0) return frames.splice(index, 1)[0];
      if (Date.now() >= end) return undefined;
      await Promise.race([new Promise((resolve) => { wake = resolve; }), sleep(end - Date.now())]);
    }
  };
  const write = (command, headers, body) => connection.write(`${command}\n${Object.entries(headers).map((entry) => entry.join(':')).join('\n')}\n\n${body}\0`);
  const send = async (command, headers, body = '') => {
    write(command, { ...headers, receipt: '1' }, body);
    return next('RECEIPT');
  };
  write('CONNECT', { 'accept-version': '1.2', host: 'probe' }, '');
  return { connection, next, send, hello: await next('CONNECTED') };
};
const broker = await start();
const client = await connect();
if (client.hello.server !== 'ActiveMQ/5.17.2') throw new Error(`needs ActiveMQ 5.17.2, not ${client.hello.server}`);
await client.send('SUBSCRIBE', { id: 'dlq', destination: '/queue/ActiveMQ.DLQ', ack: 'auto' });
for (const headers of [{ persistent: 'true' }, {}]) {
  const name = headers.persistent ? 'persistent' : 'without the header';
  const worker = await connect();
  await worker.send('SUBSCRIBE', { id: 'jobs', destination: '/queue/jobs', ack: 'client-individual' });
  await client.send('SEND', { destination: '/queue/jobs', ...headers }, 'job');
  const job = await worker.next('MESSAGE');
  await worker.send('NACK', { id: job.ack });
  const again = await worker.next('MESSAGE', 2000);
  const dead = await client.next('MESSAGE', 2000);
  worker.connection.destroy();
  const other = await connect();
  await other.send('SUBSCRIBE', { id: 'jobs', destination: '/queue/jobs', ack: 'client-individual' });
  const late = await other.next('MESSAGE', 2000);
  other.connection.destroy();
  console.log(`${name}: after one NACK ${again ? 'again' : 'not again'} for the worker, ${late ? 'again' : 'not again'} for another, ${dead ? '' : 'not '}in ActiveMQ.DLQ`);
}
await client.send('SEND', { destination: '/queue/jobs', persistent: 'true' }, 'job');
let deliveries = 0;
for (let n = 0; n < 20; n++) {
  const worker = await connect();
  await worker.send('SUBSCRIBE', { id: 'jobs', destination: '/queue/jobs', ack: 'client-individual' });
  const job = await worker.next('MESSAGE', 10_000);
  if (job) deliveries += 1;
  const closed = once(worker.connection, 'close');
  worker.connection.destroy();
  await closed;
}
console.log(`20 workers that break their connection: ${deliveries} deliveries, ${await client.next('MESSAGE', 1000) ? '' : 'not '}in ActiveMQ.DLQ`);
broker.kill('SIGKILL');
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
persistent: after one NACK not again for the worker, not again for another, in ActiveMQ.DLQ
without the header: after one NACK not again for the worker, not again for another, not in ActiveMQ.DLQ
20 workers that break their connection: 20 deliveries, not in ActiveMQ.DLQ
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: ActiveMQ delivers a job once that its STOMP worker rejects with NACK: it goes to ActiveMQ.DLQ, or to nowhere if it was sent without persistent:true"
