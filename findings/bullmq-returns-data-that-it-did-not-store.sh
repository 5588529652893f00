#!/usr/bin/env bash
# What does BullMQ's `add` return for a job id that is in use, with other data?
#
# Versions:  BullMQ 6.7.0 with ioredis 5.11.1, Redis 7.0.15 of Debian 12 (redis-server).
# Guess:     The job that is stored, with its data, or an error: the id is documented to make jobs unique.
# Behaviour: A job object with the new data and the id. The stored job keeps the old data, and a worker gets these. Nothing in
#            the returned object differs from one that was stored.
# Why the guess is wrong: the object is made from the arguments before Redis is asked, and of the response of the script only
#            the id is taken over. The event "duplicated" of QueueEvents is the only sign.
# Source:    BullMQ documentation, "Job Ids": a job whose id exists is ignored. It does not state what `add` returns.
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v redis-server >/dev/null || { echo "needs redis-server" >&2; exit 2; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts bullmq@6.7.0 ioredis@5.11.1
cat >probe.mjs <<'JS'
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Queue, Worker } from 'bullmq';

const path = `${process.cwd()}/redis.sock`;
const redis = spawn('redis-server', ['--port', '0', '--unixsocket', path, '--save', ''], { stdio: 'ignore' });
process.on('exit', () => redis.kill('SIGKILL'));
for (let n = 0; n < 300 && !existsSync(path); n++) await sleep(50);
const queue = new Queue('orders', { connection: { path } });
await queue.add('charge', { amount: 1 }, { jobId: 'order-4711' });
const returned = await queue.add('charge', { amount: 2 }, { jobId: 'order-4711' });
console.log(`returned: id ${returned.id}, data ${JSON.stringify(returned.data)}`);
const stored = await queue.getJob('order-4711');
console.log(`stored: id ${stored.id}, data ${JSON.stringify(stored.data)}`);
const taken = await new Worker('orders', null, { connection: { path } }).getNextJob('token');
console.log(`a worker gets: id ${taken.id}, data ${JSON.stringify(taken.data)}`);
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
returned: id order-4711, data {"amount":2}
stored: id order-4711, data {"amount":1}
a worker gets: id order-4711, data {"amount":1}
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: BullMQ's add returns a job with the new data, although it keeps the old data of the id"
