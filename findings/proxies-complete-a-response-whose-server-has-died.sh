#!/usr/bin/env bash
# Does a client behind a proxy see that the server ended in the middle of a response, for example of an export of unknown length?
#
# Versions:  nginx 1.22.1 and Caddy 2.6.2 of Debian 12 (nginx, caddy), node as the server.
# Guess:     Yes: the end of the chunked body is missing, so that the proxy cuts its connection, and fetch or curl report an error.
# Behaviour: Behind nginx with its defaults, and behind Caddy, the client gets a complete 200 with half of the lines, and no error. With
#            `proxy_http_version 1.1` in nginx it gets an error, and so it does for a response with Content-Length behind all of them.
# Why the guess is wrong: nginx asks with HTTP/1.0, which has no chunks: the server marks the end by closing the connection, and a dying process
#            closes it, too. Caddy does see the missing end, logs "aborting with incomplete response", and ends its own response in
#            the right form. A body in lines (NDJSON, CSV) does not show a cut; it needs a last line or a count.
# Source:    nginx documentation, proxy_http_version (default 1.0); RFC 9112, 6.3 and 8; Caddy, modules/caddyhttp/reverseproxy, finalizeResponse.
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

if (process.argv[2] === 'server') {
  // Sends 5 of 10 lines, and is killed then.
  const server = http.createServer((request, response) => {
    if (request.url === '/') return response.end();
    const line = '{"status":"COMPLETED"}\n';
    const length = request.url === '/export' ? {} : { 'content-length': 10 * line.length };
    response.writeHead(200, { 'content-type': 'application/x-ndjson', ...length });
    response.write(line.repeat(5), () => setTimeout(() => process.kill(process.pid, 'SIGKILL'), 200));
  });
  server.listen(Number(process.argv[3]), '127.0.0.1');
  process.send('listens');
} else {
  const freePort = async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address();
    server.close();
    await once(server, 'close');
    return port;
  };
  const upstream = await freePort();
  const ports = { 'no proxy': upstream, 'nginx with its defaults': await freePort(), 'nginx with proxy_http_version 1.1': await freePort(), Caddy: await freePort() };
  const [, plain, newer, caddy] = Object.values(ports);
  const folder = process.cwd();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`);
  const location = (setting) => `location / { ${setting} proxy_pass http://127.0.0.1:${upstream}; }`;
  writeFileSync('nginx.conf', `
    ${process.getuid() === 0 ? 'user root;' : ''}
    daemon off; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
    events {}
    http {
      ${temporary.join('\n')}
      access_log off;
      server { listen 127.0.0.1:${plain}; ${location('')} }
      server { listen 127.0.0.1:${newer}; ${location('proxy_http_version 1.1;')} }
    }`);
  writeFileSync('Caddyfile', `{
    admin off
    auto_https off
  }
  http://127.0.0.1:${caddy} {
    bind 127.0.0.1
    reverse_proxy 127.0.0.1:${upstream}
  }
  `);
  const proxies = [
    spawn('nginx', ['-c', `${folder}/nginx.conf`, '-e', `${folder}/error.log`], { stdio: 'ignore' }),
    spawn('caddy', ['run', '--adapter', 'caddyfile', '--config', 'Caddyfile'], { stdio: 'ignore', env: { ...process.env, HOME: folder } }),
  ];
  for (const [name, port] of Object.entries(ports)) {
    for (const [path, length] of [['/export', 'unknown'], ['/file', 'known']]) {
      const server = spawn(process.execPath, ['probe.mjs', 'server', String(upstream)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
      await once(server, 'message');
      for (let n = 0; n < 200 && !(await fetch(`http://127.0.0.1:${port}/`).then(({ ok }) => ok, () => false)); n++) await sleep(50);
      const response = await fetch(`http://127.0.0.1:${port}${path}`);
      const body = await response.text().then((text) => `complete, with ${text.split('\n').length - 1} of 10 lines`, () => 'an error');
      console.log(`${name}, ${length} length: ${response.status}, then ${body}`);
      if (server.signalCode === null) await once(server, 'exit');
    }
  }
  for (const proxy of proxies) {
    proxy.kill('SIGTERM');
    await once(proxy, 'exit');
  }
}
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
no proxy, unknown length: 200, then an error
no proxy, known length: 200, then an error
nginx with its defaults, unknown length: 200, then complete, with 5 of 10 lines
nginx with its defaults, known length: 200, then an error
nginx with proxy_http_version 1.1, unknown length: 200, then an error
nginx with proxy_http_version 1.1, known length: 200, then an error
Caddy, unknown length: 200, then complete, with 5 of 10 lines
Caddy, known length: 200, then an error
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: nginx with its defaults, and Caddy, turn the half response of a server that died into a complete one, unless it has a Content-Length"
