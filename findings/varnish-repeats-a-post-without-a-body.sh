#!/usr/bin/env bash
# How often does Varnish send a POST to the backend if the backend receives it, and its process ends before it responds?
#
# Versions:  Varnish 7.1.1 of Debian 12 (varnish), node for the backend; a configuration with nothing but the backend.
# Guess:     Once: retries are written in VCL (return(retry)), and there is none. A POST is passed through.
# Behaviour: Twice, if it has no body and goes over a connection that an earlier request has used; as do PATCH and DELETE. A POST with a body, and
#            one over a new connection, is sent once. "POST /charges/17/capture", whose body is empty, is carried out twice; the client
#            sees one 503.
# Why the guess is wrong: a kept connection that closes before the first byte of the response counts as one that had been closed while idle, and is
#            replaced in silence. The method is not looked at; whether a body was sent is. A test against a backend without traffic
#            uses new connections only.
# Source:    bin/varnishd/cache/cache_backend.c, vbe_dir_gethdrs ("do a single automatic retry if req.body allows").
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v varnishd >/dev/null || { echo "needs varnish" >&2; exit 2; }
case "$(varnishd -V 2>&1)" in *varnish-7.1.1*) ;; *) echo "needs Varnish 7.1.1" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
# Its worker may run as another user.
chmod 711 "$work"
cat >probe.mjs <<'JS'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

let received = 0;
const backend = http.createServer((request, response) => {
  request.resume().on('end', () => {
    received++;
    // As a process that is killed after it has carried out the request.
    if (request.url === '/capture') request.socket.destroy();
    else response.writeHead(200, request.url === '/new' ? { connection: 'close' } : {}).end();
  });
}).listen(0, '127.0.0.1');
await once(backend, 'listening');
backend.keepAliveTimeout = 60_000;
const folder = process.cwd();
writeFileSync('probe.vcl', `vcl 4.1; backend server { .host = "127.0.0.1"; .port = "${backend.address().port}"; }\n`);
const varnish = spawn('varnishd', ['-F', '-n', `${folder}/varnish`, '-a', `${folder}/socket`, '-f', `${folder}/probe.vcl`, '-s', 'malloc,10m'], { stdio: 'ignore' });
const send = (method, path, body) => new Promise((resolve, reject) => {
  const request = http.request({ socketPath: 'socket', method, path, agent: false }, (response) => {
    response.resume().on('end', () => resolve(response.statusCode));
  });
  request.on('error', reject).end(body);
});
for (let n = 0; n < 300 && (await send('GET', '/ready').catch(() => 0)) !== 200; n++) await sleep(100);
for (const [name, before, method, body] of [
  ['POST without a body, kept connection', '/used', 'POST'],
  ['PATCH without a body, kept connection', '/used', 'PATCH'],
  ['DELETE without a body, kept connection', '/used', 'DELETE'],
  ['POST with a body, kept connection', '/used', 'POST', 'amount=990'],
  ['POST without a body, new connection', '/new', 'POST'],
]) {
  // PUT is not answered from the cache, so that it decides which connection is left.
  await send('PUT', before, 'x');
  await sleep(200);
  received = 0;
  const status = await send(method, '/capture', body);
  console.log(`${name}: ${status}; received by the backend ${received}`);
}
varnish.kill('SIGTERM');
await once(varnish, 'exit');
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
POST without a body, kept connection: 503; received by the backend 2
PATCH without a body, kept connection: 503; received by the backend 2
DELETE without a body, kept connection: 503; received by the backend 2
POST with a body, kept connection: 503; received by the backend 1
POST without a body, new connection: 503; received by the backend 1
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: Varnish sends a POST without a body twice if a kept connection ends before the response"
