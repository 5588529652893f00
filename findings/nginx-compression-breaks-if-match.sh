#!/usr/bin/env bash
# Does an If-Match with the ETag that a client got through a proxy match at the server, if the proxy compresses responses?
#
# Versions:  nginx 1.22.1 and Caddy 2.6.2 of Debian 12 (nginx, caddy).
# Guess:     Yes: the client sends back what it was given, and compression on the way is not its concern. Or both change the tag, as
#            the compressed bytes are others.
# Behaviour: Behind nginx an update gets 412, always, from every client that accepts gzip, and succeeds without gzip. nginx has made the tag weak
#            (W/"v1"), and a weak tag never matches If-Match. Caddy gives the compressed bytes the same strong tag, and the update succeeds.
# Why the guess is wrong: nginx follows RFC 9110, in which equal strong tags mean equal bytes, and knows no way back for the requests. The
#            reason is only seen with a browser or fetch, which accept gzip; curl and tests without it pass.
# Source:    nginx, CHANGES with 1.7.3 (weak instead of no tag) and ngx_http_weak_etag; RFC 9110, 8.8.3 and 13.1.1 (strong comparison).
# Output seen: the text in `expected` at the end.
set -euo pipefail
for command in nginx caddy; do command -v "$command" >/dev/null || { echo "needs $command" >&2; exit 2; }; done
case "$(nginx -v 2>&1)" in *nginx/1.22.1*) ;; *) echo "needs nginx 1.22.1, found: $(nginx -v 2>&1)" >&2; exit 2 ;; esac
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

const listening = async (server) => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address().port;
};
const freePort = async () => {
  const server = net.createServer();
  const port = await listening(server);
  server.close();
  await once(server, 'close');
  return port;
};
const upstream = await listening(http.createServer((request, response) => {
  if (request.method === 'PUT') return response.writeHead(request.headers['if-match'] === '"v1"' ? 204 : 412).end();
  response.writeHead(200, { 'content-type': 'application/json', etag: '"v1"' });
  response.end(JSON.stringify({ text: 'x'.repeat(5000) }));
}));
const ports = { nginx: await freePort(), Caddy: await freePort() };
const folder = process.cwd();
const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`);
writeFileSync('nginx.conf', `
  ${process.getuid() === 0 ? 'user root;' : ''}
  daemon off; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
  events {}
  http {
    ${temporary.join('\n')}
    access_log off;
    gzip on; gzip_types application/json; gzip_proxied any;
    server { listen 127.0.0.1:${ports.nginx}; location / { proxy_pass http://127.0.0.1:${upstream}; } }
  }`);
writeFileSync('Caddyfile', `{
  admin off
  auto_https off
}
http://127.0.0.1:${ports.Caddy} {
  bind 127.0.0.1
  encode gzip
  reverse_proxy 127.0.0.1:${upstream}
}
`);
const proxies = [
  spawn('nginx', ['-c', `${folder}/nginx.conf`, '-e', `${folder}/error.log`], { stdio: 'ignore' }),
  spawn('caddy', ['run', '--adapter', 'caddyfile', '--config', 'Caddyfile'], { stdio: 'ignore', env: { ...process.env, HOME: folder } }),
];
const send = async (port, method, headers) => {
  const request = http.request({ host: '127.0.0.1', port, method, path: '/orders/1', headers, agent: false }).end();
  const [response] = await once(request, 'response');
  response.resume();
  return response;
};
for (const [name, port] of Object.entries(ports)) {
  for (let n = 0; n < 200 && !(await send(port, 'GET', {}).catch(() => null)); n++) await sleep(50);
  for (const coding of ['identity', 'gzip']) {
    const { headers } = await send(port, 'GET', { 'accept-encoding': coding });
    const { statusCode } = await send(port, 'PUT', { 'if-match': headers.etag });
    console.log(`${name}, ${headers['content-encoding'] ?? 'not compressed'}: ETag ${headers.etag}, PUT with it in If-Match gets ${statusCode}`);
  }
}
for (const proxy of proxies) {
  proxy.kill('SIGTERM');
  await once(proxy, 'exit');
}
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
nginx, not compressed: ETag "v1", PUT with it in If-Match gets 204
nginx, gzip: ETag W/"v1", PUT with it in If-Match gets 412
Caddy, not compressed: ETag "v1", PUT with it in If-Match gets 204
Caddy, gzip: ETag "v1", PUT with it in If-Match gets 204
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: behind nginx with gzip every If-Match fails with 412, because nginx makes the ETag weak; Caddy leaves it strong"
