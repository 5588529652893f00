#!/usr/bin/env bash
# What do other clients of nginx get after one GET that takes longer than proxy_read_timeout?
#
# Versions:  nginx 1.22.1 of Debian 12 (nginx), with two servers in one upstream and no other setting than the timeout.
# Guess:     That client gets 504. Other requests are not affected: both servers answer at once.
# Behaviour: For the next 10 s every request gets 502, and none reaches a server. With one server in the upstream, all are served.
# Why the guess is wrong: the GET counts as idempotent, so that it is passed to the second server after the first timeout, and times out
#            there, too. Each timeout is a failed attempt, one (max_fails=1) marks a server as unavailable for fail_timeout=10s, and when all
#            are marked, nginx answers "no live upstreams" without a try. A single server is never marked. A long poll, or an
#            export, that waits longer than the timeout does this to everybody.
# Source:    nginx documentation, ngx_http_upstream_module (max_fails, fail_timeout), ngx_http_proxy_module (proxy_next_upstream).
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v nginx >/dev/null || { echo "needs nginx" >&2; exit 2; }
case "$(nginx -v 2>&1)" in *nginx/1.22.1*) ;; *) echo "needs nginx 1.22.1, found: $(nginx -v 2>&1)" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >probe.mjs <<'JS'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

let served = 0;
const ports = [];
for (let n = 0; n < 2; n++) {
  const server = http.createServer((request, response) => {
    // An export that takes longer than nginx waits.
    if (request.url === '/export') return;
    served++;
    response.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  ports.push(server.address().port);
}
const folder = process.cwd();
const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`);
writeFileSync('nginx.conf', `
  ${process.getuid() === 0 ? 'user root;' : ''}
  daemon off; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
  events {}
  http {
    ${temporary.join('\n')}
    access_log off;
    proxy_read_timeout 1s;
    upstream two { server 127.0.0.1:${ports[0]}; server 127.0.0.1:${ports[1]}; }
    upstream one { server 127.0.0.1:${ports[0]}; }
    server { listen unix:${folder}/two.sock; location / { proxy_pass http://two; } }
    server { listen unix:${folder}/one.sock; location / { proxy_pass http://one; } }
  }`);
const nginx = spawn('nginx', ['-c', `${folder}/nginx.conf`, '-e', `${folder}/error.log`], { stdio: 'inherit' });
for (let n = 0; n < 200 && !existsSync('one.sock'); n++) await sleep(50);
const get = async (name, path) => {
  const [response] = await once(http.get({ socketPath: `${folder}/${name}.sock`, path, agent: false }), 'response');
  response.resume();
  return response.statusCode;
};
for (const name of ['one', 'two']) {
  const slow = await get(name, '/export');
  served = 0;
  const others = [];
  for (let n = 0; n < 4; n++) others.push(await get(name, '/health'));
  console.log(`${name} in the upstream: the slow GET ${slow}; then four others ${others.join(' ')}, of which ${served} reached a server`);
}
nginx.kill('SIGTERM');
await once(nginx, 'exit');
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
one in the upstream: the slow GET 504; then four others 200 200 200 200, of which 4 reached a server
two in the upstream: the slow GET 504; then four others 502 502 502 502, of which 0 reached a server
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: one GET that exceeds proxy_read_timeout makes nginx answer 502 to everybody for 10 s, if the upstream has two servers"
