#!/usr/bin/env bash
# When does ActiveMQ deliver a message with AMQ_SCHEDULED_DELAY of one hour?
#
# Versions:  ActiveMQ 5.17.2 of Debian 12 (activemq), a broker with a store; node as a client of STOMP 1.2. "With schedulerSupport" is the same
#            broker with schedulerSupport=true.
# Guess:     In an hour. A broker that does not support delays would refuse the message, or name the property in an error.
# Behaviour: At once: SEND gets its RECEIPT, and the message arrives with the property still on it. With schedulerSupport=true it does not
#            arrive. A capture that has to wait for a cancellation is carried out at once after a move to a broker with another configuration,
#            and no log has a line about it.
# Why the guess is wrong: the scheduler is a plug-in of the broker that is off by default, also in the configuration of Debian. Without it the
#            property is one of the application's, which a broker passes on unread.
# Source:    ActiveMQ documentation, "Delay and Schedule Message Delivery" ("It is enabled by setting the broker schedulerSupport attribute to
#            true").
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
const start = async (option = '') => {
  const uri = `broker:(stomp://127.0.0.1:${port})?persistent=true&useJmx=false&dataDirectory=${folder}/data${option}`;
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
let broker = await start();
let client = await connect();
if (client.hello.server !== 'ActiveMQ/5.17.2') throw new Error(`needs ActiveMQ 5.17.2, not ${client.hello.server}`);
const trial = async (name) => {
  await client.send('SUBSCRIBE', { id: 'jobs', destination: '/queue/captures', ack: 'auto' });
  const receipt = await client.send('SEND', { destination: '/queue/captures', persistent: 'true', AMQ_SCHEDULED_DELAY: '3600000' }, 'capture');
  await client.send('SEND', { destination: '/queue/captures', persistent: 'true' }, 'other');
  const arrived = [];
  for (let message; !arrived.includes('other') && (message = await client.next('MESSAGE', 60_000));) {
    arrived.push(message.body, ...(message.AMQ_SCHEDULED_DELAY ? [`with AMQ_SCHEDULED_DELAY ${message.AMQ_SCHEDULED_DELAY}`] : []));
  }
  console.log(`${name}: ${receipt ? 'receipt' : 'no receipt'}, arrived before the next message without a delay: ${arrived.slice(0, -1).join(' ') || 'nothing'}`);
};
await trial('default');
const exited = once(broker, 'exit');
broker.kill('SIGTERM');
await exited;
broker = await start('&schedulerSupport=true');
client = await connect();
await trial('with schedulerSupport');
broker.kill('SIGKILL');
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
default: receipt, arrived before the next message without a delay: capture with AMQ_SCHEDULED_DELAY 3600000
with schedulerSupport: receipt, arrived before the next message without a delay: nothing
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: ActiveMQ acknowledges a message with a delay of an hour and delivers it at once, unless schedulerSupport is set"
