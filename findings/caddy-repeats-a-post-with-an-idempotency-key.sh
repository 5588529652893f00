#!/usr/bin/env bash
# Does Caddy send a POST a second time when its upstream cuts the connection after it has carried the request out?
#
# Versions:  Caddy 2.6.2 of Debian 12 (caddy), without any setting for retries.
# Guess:     No: a proxy does not repeat a POST that it has sent. The client gets 502, and its key is for a repeat that the client orders.
# Behaviour: With a header Idempotency-Key or X-Idempotency-Key and without a body, the POST is sent again on a new connection. The
#            upstream carries it out twice, and the client sees one 201. Without the header, or with a body, it is sent once.
# Why the guess is wrong: Caddy's transport is Go's. It takes a request with such a header for idempotent, as a GET, and repeats it when a
#            reused connection ends before a response, if the body can be sent again. `lb_retries` is not involved. An upstream that
#            ignores the header, or reads another one, gets an action twice, for example a cancel or a retry without a body.
# Source:    Go, net/http, documentation of Transport, and transfer: Request.isReplayable, persistConn.shouldRetryRequest.
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v caddy >/dev/null || { echo "needs caddy" >&2; exit 2; }
case "$(caddy version)" in *2.6.2*) ;; *) echo "needs Caddy 2.6.2, found: $(caddy version)" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >probe.mjs <<'JS'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

// Carries out each POST. The first time it cuts the connection instead of responding.
const carriedOut = new Map();
const upstream = http.createServer(async (request, response) => {
  for await (const _ of request);
  if (request.method === 'GET') return response.end();
  const times = (carriedOut.get(request.url) ?? 0) + 1;
  carriedOut.set(request.url, times);
  if (times === 1) request.socket.destroy();
  else response.writeHead(201).end();
}).listen(0, '127.0.0.1');
upstream.keepAliveTimeout = 60_000;
await once(upstream, 'listening');
const free = net.createServer().listen(0, '127.0.0.1');
await once(free, 'listening');
const { port } = free.address();
free.close();
await once(free, 'close');
writeFileSync('Caddyfile', `{
  admin off
  auto_https off
}
http://127.0.0.1:${port} {
  bind 127.0.0.1
  reverse_proxy 127.0.0.1:${upstream.address().port}
}
`);
const caddy = spawn('caddy', ['run', '--adapter', 'caddyfile', '--config', 'Caddyfile'], { stdio: 'ignore', env: { ...process.env, HOME: process.cwd() } });
process.on('exit', () => caddy.kill('SIGKILL'));
const send = async (path, options) => {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, options);
  await response.arrayBuffer();
  return response.status;
};
for (let n = 0; n < 200 && !(await send('/', {}).catch(() => null)); n++) await sleep(50);
for (const body of [undefined, '{"amount":1}']) {
  for (const name of [null, 'Idempotency-Key', 'X-Idempotency-Key']) {
    // Leaves a connection to the upstream that the POST reuses.
    await send('/', {});
    const path = `/charges/${carriedOut.size}`;
    const status = await send(path, { method: 'POST', headers: name === null ? {} : { [name]: 'order-4711' }, body });
    console.log(`POST ${body === undefined ? 'without' : 'with'} a body, ${name ?? 'no key'}: carried out ${carriedOut.get(path)}, client got ${status}`);
  }
}
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
POST without a body, no key: carried out 1, client got 502
POST without a body, Idempotency-Key: carried out 2, client got 201
POST without a body, X-Idempotency-Key: carried out 2, client got 201
POST with a body, no key: carried out 1, client got 502
POST with a body, Idempotency-Key: carried out 1, client got 502
POST with a body, X-Idempotency-Key: carried out 1, client got 502
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: Caddy sends a POST twice if it has a header Idempotency-Key and no body, and the upstream cuts a reused connection"
