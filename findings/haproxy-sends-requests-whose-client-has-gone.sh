#!/usr/bin/env bash
# Does HAProxy send a queued POST to the server if its client has given up and closed the connection meanwhile?
#
# Versions:  HAProxy 2.6.12 of Debian 12 (haproxy), one server with maxconn 1, node for server and clients.
# Guess:     No: HAProxy sees that the connection is closed, and takes the request out of its queue. The client's second attempt is the only one.
# Behaviour: Yes: the request stays in the queue, is sent when its turn comes, and is carried out for no client. With a second attempt the charge is made
#            twice, and each attempt that times out in the queue makes the queue longer for the others. With "option abortonclose" it is removed.
# Why the guess is wrong: a client may close its sending direction after the request and still read the response, which looks the same. HAProxy 2.6 assumes that, unless
#            the option is set.
# Source:    HAProxy documentation, option abortonclose.
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v haproxy >/dev/null || { echo "needs haproxy" >&2; exit 2; }
case "$(haproxy -v)" in *'version 2.6.12'*) ;; *) echo "needs HAProxy 2.6.12" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >probe.mjs <<'JS'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const received = [];
let held;
const server = http.createServer((request, response) => {
  request.resume().on('end', () => {
    received.push(request.url);
    if (request.url === '/slow') held = response;
    else response.end();
  });
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const VARIANTS = { default: '', abortonclose: 'option abortonclose' };
const parts = Object.entries(VARIANTS).map(([name, line]) => `
listen ${name}
  bind unix@${process.cwd()}/${name}.sock
  ${line}
  server one 127.0.0.1:${server.address().port} maxconn 1`);
writeFileSync('haproxy.cfg', `
global
  stats socket unix@${process.cwd()}/stats.sock
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
${parts.join('\n')}
`);
const haproxy = spawn('haproxy', ['-db', '-f', 'haproxy.cfg'], { stdio: 'ignore' });
process.on('exit', () => haproxy.kill('SIGKILL'));
for (let n = 0; n < 200 && !existsSync('abortonclose.sock'); n++) await sleep(50);
const send = (name, path) => http.request({ socketPath: `${name}.sock`, path, method: 'POST', agent: false }).on('error', () => {}).end('charge');
const status = async (request) => {
  const [response] = await once(request, 'response');
  response.resume();
  await once(response, 'end');
  return response.statusCode;
};
for (const name of Object.keys(VARIANTS)) {
  received.length = 0;
  held = undefined;
  const slow = send(name, '/slow');
  while (!held) await sleep(20);
  const first = send(name, '/charge');
  await sleep(500);
  // As a client whose timeout has passed.
  first.destroy();
  await sleep(500);
  const second = send(name, '/charge');
  await sleep(500);
  const before = received.filter((path) => path === '/charge').length;
  held.end();
  const statuses = [await status(slow), await status(second)];
  // What is still in the queue is sent before this one.
  statuses.push(await status(send(name, '/last')));
  console.log(`${name}: received while the server is busy ${before}, afterwards ${received.filter((path) => path === '/charge').length}; responses ${statuses.join(' ')}`);
}
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
default: received while the server is busy 0, afterwards 2; responses 200 200 200
abortonclose: received while the server is busy 0, afterwards 1; responses 200 200 200
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: HAProxy sends a queued POST whose client has closed its connection, unless option abortonclose is set"
