#!/usr/bin/env bash
# Which requests does Squid as a reverse proxy send to its second server after the first one has answered with an error?
#
# Versions:  Squid 5.7 of Debian 12 (squid), node for the two servers; two cache_peer lines with originserver, no cache, otherwise defaults.
# Guess:     At most GET, and none that was answered: retry_on_error is off, and a POST is not idempotent. After a broken connection it could
#            repeat what is idempotent.
# Behaviour: After 502 and 504 every request without a body, POST, too: "POST /charges/4711/capture" is carried out by both servers, and the
#            client gets the 200 of the second. With a body of two bytes the client gets the 504 of the first. After a connection that was closed
#            without a response, POST is not repeated, with or without a body; GET is.
# Why the guess is wrong: there are two rules. A failed connection is tried again if the method is safe or idempotent. A received status is
#            forwarded again by another one, which looks at the status and at whether a part of the body was consumed, not at the method;
#            retry_on_error adds 403, 500, 501 and 503 to 502 and 504. A server behind a gateway answers 504 when its work may well go on.
# Source:    squid.conf documentation, retry_on_error ("Status 502 and 504 (Gateway errors) are always retried"); src/FwdState.cc (reforward,
#            reforwardableStatus, bodyNibbled).
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v squid >/dev/null || { echo "needs squid" >&2; exit 2; }
case "$(squid -v)" in *'Version 5.7'*) ;; *) echo "needs Squid 5.7" >&2; exit 2 ;; esac
work="$(mktemp -d)"
# Squid leaves its shared memory behind.
trap 'rm -rf "$work" /dev/shm/"$(basename "$work" | tr -d .)"-cf__*.shm' EXIT
cd "$work"
# It does not work as root.
if [ "$(id -u)" -eq 0 ]; then chown proxy "$work"; fi
cat >probe.mjs <<'JS'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

let mode;
const log = [];
const listen = async (name) => {
  const server = http.createServer(async (request, response) => {
    await request.toArray();
    log.push(name);
    if (name === 'second') response.end('captured');
    else if (mode === 'closed') request.socket.destroy();
    else response.writeHead(mode).end('first');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address().port;
};
const [first, second] = [await listen('first'), await listen('second')];
const socket = net.createServer().listen(0, '127.0.0.1');
await once(socket, 'listening');
const { port } = socket.address();
socket.close();
await once(socket, 'close');
const folder = process.cwd();
const service = folder.split('/').at(-1).replace('.', '');
writeFileSync('squid.conf', `
http_port 127.0.0.1:${port} accel defaultsite=service no-vhost
cache_peer 127.0.0.1 parent ${first} 0 no-query no-digest originserver name=first
cache_peer 127.0.0.1 parent ${second} 0 no-query no-digest originserver name=second
http_access allow all
cache deny all
pid_filename none
coredump_dir ${folder}
access_log none
cache_log ${folder}/cache.log
visible_hostname probe
pinger_enable off
`);
const command = ['squid', '-N', '-n', service, '-f', `${folder}/squid.conf`];
if (process.getuid() === 0) command.unshift('setpriv', '--reuid=proxy', '--regid=proxy', '--clear-groups');
const squid = spawn(command[0], command.slice(1), { stdio: 'ignore' });
process.on('exit', () => squid.kill('SIGKILL'));
const call = (method, body) => new Promise((resolve, reject) => {
  const headers = method === 'POST' ? { 'content-length': body.length } : {};
  http.request({ host: '127.0.0.1', port, method, path: '/charges/4711/capture', agent: false, headers }, async (response) => {
    await response.toArray();
    resolve(response.statusCode);
  }).on('error', reject).end(body);
});
mode = 200;
for (let n = 0; n < 300; n++) {
  if (await call('GET', '').catch(() => 0) === 200) break;
  await sleep(50);
}
for (mode of [500, 503, 502, 504, 'closed']) {
  const seen = [];
  for (const [method, body] of [['POST', ''], ['POST', '{}'], ['GET', '']]) {
    log.length = 0;
    const status = await call(method, body);
    const names = log.filter((name, index) => name !== log[index - 1]);
    seen.push(`${method}${body ? ' with a body' : ''} at ${names.join(' and ')}, client ${status}`);
  }
  console.log(`first ${mode}: ${seen.join('; ')}`);
}
squid.kill('SIGTERM');
await Promise.race([once(squid, 'exit'), sleep(1000)]);
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
first 500: POST at first, client 500; POST with a body at first, client 500; GET at first, client 500
first 503: POST at first, client 503; POST with a body at first, client 503; GET at first, client 503
first 502: POST at first and second, client 200; POST with a body at first, client 502; GET at first and second, client 200
first 504: POST at first and second, client 200; POST with a body at first, client 504; GET at first and second, client 200
first closed: POST at first, client 502; POST with a body at first, client 502; GET at first and second, client 200
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: Squid sends a POST without a body to a second server after the first has answered it with 502 or 504, and not after a broken connection"
