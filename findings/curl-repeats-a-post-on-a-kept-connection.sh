#!/usr/bin/env bash
# How often does curl send a POST whose connection ends without a response, when no --retry was asked for?
#
# Versions:  curl 7.88.1 of Debian 12 (curl); node as the server, which counts a request when it has read it whole.
# Guess:     Once, and then exit code 52 or 56: a POST may have been carried out, and --retry is off by default.
# Behaviour: On a new connection, once. On a connection that an earlier transfer of the same command has used, once more on a new one: the order is
#            charged twice, the exit code is 0, and only -v tells. Two URLs in one command, -K, or a program that uses a handle of libcurl
#            again are enough.
# Why the guess is wrong: a server may close a kept connection just when the request is sent, and curl takes every end without a byte of response for that
#            case. It does not look at the method. No option
#            turns it off; "-H 'Connection: close'" avoids kept connections.
# Source:    lib/transfer.c, Curl_retry_request; curl pull request 18417 (CURLOPT_FORBID_RETRY_ON_REUSE), open.
# Output seen: the text in `expected` at the end.
set -euo pipefail
for command in curl node; do command -v "$command" >/dev/null || { echo "needs $command" >&2; exit 2; }; done
case "$(curl --version)" in 'curl 7.88.1 '*) ;; *) echo "needs curl 7.88.1" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >probe.mjs <<'JS'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';

let received = {};
let failing = 1;
const server = http.createServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => { body += chunk; });
  request.on('end', () => {
    const order = `${request.method} ${body || request.url}`;
    received[order] = (received[order] ?? 0) + 1;
    // The order is carried out; its process dies before it responds.
    if (order.includes('order-2') && received[order] <= failing) request.socket.destroy();
    else response.end('charged\n');
  });
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const url = `http://127.0.0.1:${server.address().port}/charges`;
const send = (method, order) => ['-sS', '-o', '/dev/null', '-X', method, ...(method === 'POST' ? ['-d', order, url] : [`${url}/${order}`])];
for (const [name, times, args] of [
  ['POST on a new connection', 1, send('POST', 'order-2')],
  ['POST on a kept connection', 1, [...send('POST', 'order-1'), '--next', ...send('POST', 'order-2')]],
  ['POST on a kept connection, no attempt succeeds', 9, [...send('POST', 'order-1'), '--next', ...send('POST', 'order-2')]],
  ['POST on a kept connection, Connection: close', 1, [...send('POST', 'order-1'), '-H', 'Connection: close', '--next', ...send('POST', 'order-2')]],
]) {
  received = {};
  failing = times;
  const curl = spawn('curl', args, { stdio: 'ignore' });
  const [code] = await once(curl, 'exit');
  console.log(`${name}: order-2 carried out ${received['POST order-2']} times, exit code ${code}`);
}
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
POST on a new connection: order-2 carried out 1 times, exit code 52
POST on a kept connection: order-2 carried out 2 times, exit code 0
POST on a kept connection, no attempt succeeds: order-2 carried out 2 times, exit code 52
POST on a kept connection, Connection: close: order-2 carried out 1 times, exit code 52
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: curl sends a POST again, without --retry and without a message, if its connection was used before and ends without a response"
