#!/usr/bin/env bash
# Which acknowledged messages of STOMP clients does ActiveMQ have after a clean restart, if it has a store?
#
# Versions:  ActiveMQ 5.17.2 of Debian 12 (activemq), a broker with KahaDB; node as a client of STOMP 1.2, a RECEIPT for each SEND.
# Guess:     All: the broker is persistent, its clients wait for the receipt, and messages of JMS are persistent by default.
# Behaviour: Only those with the header "persistent:true". The others are gone after SIGTERM, too, which gives the broker time to store them.
#            "persistent:1", "persistent:True" and "persistence:true" are as if there were no header. A transaction makes no difference.
# Why the guess is wrong: JMS clients set the delivery mode to persistent themselves; a STOMP frame says nothing, and the translation sets it
#            only for the text "true". The receipt says that the broker has processed the frame, which is true of a message in memory.
# Source:    FrameTranslator.java (copyStandardHeadersFromFrameToMessage: msg.setPersistent("true".equals(o))).
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
let broker = await start();
let client = await connect();
if (client.hello.server !== 'ActiveMQ/5.17.2') throw new Error(`needs ActiveMQ 5.17.2, not ${client.hello.server}`);
const variants = { 'no header': {}, 'persistent:true': { persistent: 'true' }, 'persistent:True': { persistent: 'True' }, 'persistent:1': { persistent: '1' }, 'persistence:true': { persistence: 'true' } };
for (const [name, headers] of Object.entries(variants)) {
  if (!await client.send('SEND', { destination: '/queue/results', ...headers }, name)) throw new Error('no receipt');
}
await client.send('BEGIN', { transaction: 't' });
await client.send('SEND', { destination: '/queue/results', transaction: 't' }, 'no header, in a transaction');
if (!await client.send('COMMIT', { transaction: 't' })) throw new Error('no receipt');
const exited = once(broker, 'exit');
broker.kill('SIGTERM');
await exited;
broker = await start();
client = await connect();
await client.send('SEND', { destination: '/queue/results', persistent: 'true' }, 'end');
await client.send('SUBSCRIBE', { id: 'results', destination: '/queue/results', ack: 'auto' });
const left = [];
for (let message; !left.includes('end') && (message = await client.next('MESSAGE'));) left.push(message.body);
for (const name of [...Object.keys(variants), 'no header, in a transaction']) console.log(`${name}: ${left.includes(name) ? 'there' : 'lost'}`);
broker.kill('SIGKILL');
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
no header: lost
persistent:true: there
persistent:True: lost
persistent:1: lost
persistence:true: lost
no header, in a transaction: lost
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: ActiveMQ with a store keeps over a restart only those messages of STOMP that have the header persistent:true in exactly this spelling"
