#!/usr/bin/env bash
# What does a client that polls a status through Apache's mod_cache read after max-age=1 is over, while the service responds 503 or is away?
#
# Versions:  Apache 2.4.71 (mod_cache, mod_cache_disk), Squid 5.7 and nginx 1.22.1 of Debian 12 (apache2, squid, nginx); node for the service.
# Guess:     502, 503 or 504: the status was fresh for a second, and a response of the service, 503 among them, replaces it. Squid and nginx do so.
# Behaviour: 200 with the old status in both cases, as if the service was there. A check of the service through Apache stays green, and a client waits on "pending" for as
#            long as the service fails. Cache-Control: must-revalidate ends it, and so does CacheStaleOnError off.
# Why the guess is wrong: CacheStaleOnError is on by default: a 5xx of the service counts as a failed validation, and what is stale may be served when a cache is disconnected (RFC
#            9111, 4.2.4). nginx needs proxy_cache_use_stale for it.
# Source:    Apache documentation, CacheStaleOnError (default on); nginx documentation, proxy_cache_use_stale; RFC 9111, 4.2.4.
# Output seen: the text in `expected` at the end.
set -euo pipefail
for command in apache2 squid nginx; do command -v "$command" >/dev/null || { echo "needs $command" >&2; exit 2; }; done
case "$(apache2 -v)" in *Apache/2.4.71*) ;; *) echo "needs Apache 2.4.71" >&2; exit 2 ;; esac
case "$(squid -v)" in *'Version 5.7'*) ;; *) echo "needs Squid 5.7" >&2; exit 2 ;; esac
case "$(nginx -v 2>&1)" in */1.22.1*) ;; *) echo "needs nginx 1.22.1" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
chmod 777 "$work"
cat >probe.mjs <<'JS'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const freePort = async () => {
  const free = net.createServer().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const { port } = free.address();
  free.close();
  await once(free, 'close');
  return port;
};
const [service, apache, off, squid, nginx] = [await freePort(), await freePort(), await freePort(), await freePort(), await freePort()];
let failing = false;
const listen = async () => {
  const server = http.createServer((request, response) => {
    if (failing) {
      response.writeHead(503).end('{"status":"unavailable"}');
      return;
    }
    const control = request.url.includes('revalidate') ? 'max-age=1, must-revalidate' : 'max-age=1';
    response.writeHead(200, { 'cache-control': control, 'content-type': 'application/json', 'last-modified': new Date(Date.now() - 1000).toUTCString() });
    response.end('{"status":"pending"}');
  }).listen(service, '127.0.0.1');
  await once(server, 'listening');
  return server;
};
const folder = process.cwd();
for (const name of ['apache', 'nginx', 'temporary']) {
  mkdirSync(name);
  chmodSync(name, 0o777);
}
const modules = ['mpm_event', 'authz_core', 'proxy', 'proxy_http', 'cache', 'cache_disk'].map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`);
writeFileSync('httpd.conf', `
ServerRoot ${folder}
ServerName localhost
Listen 127.0.0.1:${apache}
PidFile ${folder}/apache.pid
DefaultRuntimeDir ${folder}
Mutex posixsem
User www-data
Group www-data
${modules.join('\n')}
ErrorLog ${folder}/apache.log
CacheRoot ${folder}/apache
CacheEnable disk /
CacheLock off
ProxyPass / http://127.0.0.1:${service}/ retry=0
Listen 127.0.0.1:${off}
<VirtualHost 127.0.0.1:${off}>
  CacheStaleOnError off
  CacheEnable disk /
  ProxyPass / http://127.0.0.1:${service}/ retry=0
</VirtualHost>
`);
writeFileSync('squid.conf', `
http_port 127.0.0.1:${squid} accel defaultsite=localhost
cache_peer 127.0.0.1 parent ${service} 0 no-query no-digest originserver name=service
http_access allow all
cache_mem 8 MB
access_log none
cache_log ${folder}/squid.log
cache_store_log none
pid_filename ${folder}/squid.pid
coredump_dir ${folder}
visible_hostname localhost
pinger_enable off
shutdown_lifetime 0 seconds
`);
const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/temporary/${name};`);
writeFileSync('nginx.conf', `
${process.getuid() === 0 ? 'user root;' : ''}
daemon off; pid ${folder}/nginx.pid; error_log ${folder}/nginx.log;
events {}
http {
  ${temporary.join('\n')}
  access_log off;
  proxy_cache_path ${folder}/nginx keys_zone=zone:1m;
  server { listen 127.0.0.1:${nginx}; location / { proxy_pass http://127.0.0.1:${service}; proxy_cache zone; } }
}`);
const children = [
  spawn('apache2', ['-f', `${folder}/httpd.conf`, '-DFOREGROUND'], { stdio: 'ignore' }),
  spawn('squid', ['-N', '-f', `${folder}/squid.conf`], { stdio: 'ignore' }),
  spawn('nginx', ['-c', `${folder}/nginx.conf`, '-e', `${folder}/nginx.log`], { stdio: 'ignore' }),
];
process.on('exit', () => {
  for (const child of children) child.kill('SIGTERM');
});
let server = await listen();
const get = async (port, path) => {
  const [response] = await once(http.get({ port, host: '127.0.0.1', path, agent: false, headers: { host: 'localhost' } }), 'response');
  let text = '';
  for await (const chunk of response) text += chunk;
  return `${response.statusCode}${text.includes('pending') ? ' pending' : ''}`;
};
const CACHES = { Apache: apache, 'Apache, CacheStaleOnError off': off, Squid: squid, nginx };
for (const port of Object.values(CACHES)) {
  for (let n = 0; n < 300 && !(await get(port, '/ready').then((text) => text.startsWith('200'), () => false)); n++) await sleep(100);
}
for (const path of ['/status', '/revalidate']) {
  for (const [name, port] of Object.entries(CACHES)) {
    failing = false;
    const seen = [`first ${await get(port, path)}`];
    await sleep(3000);
    failing = true;
    seen.push(`503 ${await get(port, path)}`);
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
    seen.push(`away ${await get(port, path)}`);
    server = await listen();
    console.log(`${name}, ${path === '/status' ? 'max-age=1' : 'max-age=1, must-revalidate'}: ${seen.join(', ')}`);
  }
}
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
Apache, max-age=1: first 200 pending, 503 200 pending, away 200 pending
Apache, CacheStaleOnError off, max-age=1: first 200 pending, 503 503, away 503
Squid, max-age=1: first 200 pending, 503 503, away 504
nginx, max-age=1: first 200 pending, 503 503, away 502
Apache, max-age=1, must-revalidate: first 200 pending, 503 503, away 503
Apache, CacheStaleOnError off, max-age=1, must-revalidate: first 200 pending, 503 503, away 503
Squid, max-age=1, must-revalidate: first 200 pending, 503 503, away 504
nginx, max-age=1, must-revalidate: first 200 pending, 503 503, away 502
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: mod_cache of Apache serves a 200 with the old status while the service responds 503 or is away, unless it is must-revalidate"
