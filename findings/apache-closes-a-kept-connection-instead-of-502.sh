#!/usr/bin/env bash
# What does a client of Apache's reverse proxy get, when the server behind it dies during a POST?
#
# Versions:  Apache httpd 2.4.71 of Debian 12 (apache2: mod_proxy_http), curl 7.88.1, node for the server and another client.
# Guess:     502, as nginx, HAProxy and Caddy respond, whatever the client has done before on its connection.
# Behaviour: 502 for the first request of a connection only. For a later one Apache closes the client's connection without a byte of response, although
#            its access log says 502. node:http fails with ECONNRESET; curl takes it for a connection that had ended while idle and sends the POST
#            again by itself, so that an order is charged twice.
# Why the guess is wrong: Apache closes the connection to make a browser repeat what it may repeat. It does so for every method, and a client cannot
#            tell whether its request was carried out.
# Source:    modules/proxy/mod_proxy_http.c, ap_proxy_http_process_response ("WITHOUT ANY response to trigger a retry by the client").
# Output seen: the text in `expected` at the end.
set -euo pipefail
for command in apache2 curl node; do command -v "$command" >/dev/null || { echo "needs $command" >&2; exit 2; }; done
case "$(apache2 -v)" in *Apache/2.4.71*) ;; *) echo "needs Apache 2.4.71" >&2; exit 2 ;; esac
case "$(curl --version)" in 'curl 7.88.1 '*) ;; *) echo "needs curl 7.88.1" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >probe.mjs <<'JS'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

let received = {};
const server = http.createServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => { body += chunk; });
  request.on('end', () => {
    const order = body || request.url;
    received[order] = (received[order] ?? 0) + 1;
    // The order is carried out; its process dies before it responds.
    if (order.includes('order-2') && received[order] === 1) request.socket.destroy();
    else response.end('charged\n');
  });
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const free = net.createServer().listen(0, '127.0.0.1');
await once(free, 'listening');
const { port } = free.address();
free.close();
await once(free, 'close');
const modules = '/usr/lib/apache2/modules';
writeFileSync('httpd.conf', `
ServerRoot ${process.cwd()}
ServerName localhost
Listen 127.0.0.1:${port}
PidFile ${process.cwd()}/pid
DefaultRuntimeDir ${process.cwd()}
Mutex posixsem
User www-data
Group www-data
LoadModule mpm_event_module ${modules}/mod_mpm_event.so
LoadModule authz_core_module ${modules}/mod_authz_core.so
LoadModule proxy_module ${modules}/mod_proxy.so
LoadModule proxy_http_module ${modules}/mod_proxy_http.so
ErrorLog ${process.cwd()}/error.log
LogFormat "%r %>s" short
CustomLog ${process.cwd()}/access.log short
ProxyPass / http://127.0.0.1:${server.address().port}/ retry=0
`);
const apache = spawn('apache2', ['-f', `${process.cwd()}/httpd.conf`, '-DFOREGROUND'], { stdio: 'ignore' });
process.on('exit', () => apache.kill('SIGTERM'));
const url = `http://127.0.0.1:${port}/charges`;
for (let n = 0; n < 200; n++) {
  const probe = net.connect(port, '127.0.0.1');
  if (await once(probe, 'connect').then(() => true, () => false)) {
    probe.destroy();
    break;
  }
  await sleep(50);
}
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const post = async (order) => {
  const request = http.request(url, { method: 'POST', agent }).end(order);
  try {
    const [response] = await once(request, 'response');
    response.resume();
    await once(response, 'end');
    return response.statusCode;
  } catch (error) {
    return error.code;
  }
};
const fromCurl = async (...orders) => {
  const args = orders.flatMap((order, index) => [...(index ? ['--next'] : []), '-sS', '-o', '/dev/null', '-w', '%{http_code} ', '-d', order, url]);
  const curl = spawn('curl', args, { stdio: ['ignore', 'pipe', 'ignore'] });
  let text = '';
  curl.stdout.on('data', (chunk) => { text += chunk; });
  const [code] = await once(curl, 'close');
  return `${text.trim()}, exit code ${code}`;
};
for (const [name, run] of [
  ['node:http, the first request of a connection', async () => [await post('order-2')]],
  ['node:http, the second', async () => [await post('order-1'), await post('order-2')]],
  ['curl, the first request of a connection', async () => [await fromCurl('order-2')]],
  ['curl, the second', async () => [await fromCurl('order-1', 'order-2')]],
]) {
  received = {};
  agent.destroy();
  const result = await run();
  console.log(`${name}: ${result.join(' ')}; order-2 carried out ${received['order-2']} times`);
}
await sleep(200);
console.log(`access log: ${readFileSync('access.log', 'utf8').trim().split('\n').map((line) => line.split(' ').at(-1)).join(' ')}`);
apache.kill('SIGTERM');
await once(apache, 'exit');
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
node:http, the first request of a connection: 502; order-2 carried out 1 times
node:http, the second: 200 ECONNRESET; order-2 carried out 1 times
curl, the first request of a connection: 502, exit code 0; order-2 carried out 1 times
curl, the second: 200 200, exit code 0; order-2 carried out 2 times
access log: 502 200 502 502 200 502 200
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: when a server dies during a POST, Apache responds 502 to the first request of a connection, and closes the connection without a response for later ones; curl then sends the POST again"
