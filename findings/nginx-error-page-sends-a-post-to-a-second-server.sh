#!/usr/bin/env bash
# Does nginx send a POST to a second server, if the first one has carried it out and its response is lost?
#
# Versions:  nginx 1.22.1 of Debian 12 (nginx), node for the servers. "error_page 502 504 = @backup", a common way to name a second server.
# Guess:     No: proxy_next_upstream leaves out requests that are not idempotent (POST, PATCH) once they were sent. The client gets 502 or 504 and decides.
# Behaviour: Yes, with its method and its whole body: the charge is made twice, and the client gets the 200 of the second server. So it is when the first closes without a
#            response, and when it does not answer within proxy_read_timeout. Within one upstream group (the first rows) nginx does not repeat it. With "error_page 502 504 = /backup",
#            a path, the second server gets a GET, with the body of the POST.
# Why the guess is wrong: error_page knows nothing of idempotency. For nginx the 502 is the response, and a named location is an inner redirect that keeps method and body.
# Source:    nginx documentation, error_page ("an internal redirect to the specified uri with the client request method changed to GET"; "If there is no need to change URI and method during internal
#            redirection it is possible to pass error processing into a named location"), proxy_next_upstream, non_idempotent. That the body is kept in both cases was observed.
# Output seen: the text in `expected` at the end.
set -euo pipefail
nginx="$(command -v nginx || ls /usr/sbin/nginx 2>/dev/null)" || { echo "needs nginx" >&2; exit 2; }
[ "$("$nginx" -v 2>&1)" = 'nginx version: nginx/1.22.1' ] || { echo "needs nginx 1.22.1" >&2; exit 2; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >probe.mjs <<'JS'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';

const dir = process.cwd();
const received = [];
const serve = async (name, respond) => {
  const server = http.createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    received.push(`${name} ${request.method} ${request.url} ${body || 'without a body'}`);
    respond(request, response);
  }).listen(`${dir}/${name}.sock`);
  await once(server, 'listening');
};
// The first server carries the charge out, and its response does not arrive.
await serve('first', (request, response) => { if (request.url.includes('late')) return; response.destroy(); });
await serve('second', (_, response) => response.end('charged'));
const location = (path, lines) => `location ${path} { proxy_pass http://${lines} }`;
for (const folder of ['body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']) mkdirSync(folder);
writeFileSync('nginx.conf', `
daemon off; master_process off; pid ${dir}/pid; error_log ${dir}/error.log;
events {}
http {
  access_log off;
  client_body_temp_path ${dir}/body; proxy_temp_path ${dir}/proxy; fastcgi_temp_path ${dir}/fastcgi; uwsgi_temp_path ${dir}/uwsgi; scgi_temp_path ${dir}/scgi;
  proxy_read_timeout 1s;
  upstream one { server unix:${dir}/first.sock; }
  upstream two { server unix:${dir}/second.sock; }
  upstream group { server unix:${dir}/first.sock max_fails=0; server unix:${dir}/second.sock backup; }
  server {
    listen unix:${dir}/nginx.sock;
    ${location('/group', 'group;')}
    ${location('/named', 'one; error_page 502 504 = @backup;')}
    ${location('/path', 'one; error_page 502 504 = /backup;')}
    ${location('@backup', 'two;')}
    ${location('/backup', 'two;')}
  }
}
`);
const nginx = spawn(process.argv[2], ['-c', `${dir}/nginx.conf`], { stdio: 'ignore' });
for (let n = 0; n < 200 && !existsSync('nginx.sock'); n++) await new Promise((resolve) => setTimeout(resolve, 50));
const post = async (path) => {
  received.length = 0;
  const request = http.request({ socketPath: `${dir}/nginx.sock`, path, method: 'POST', agent: false }).end('{"amount":100}');
  const [response] = await once(request, 'response');
  response.resume();
  await once(response, 'end');
  return `${response.statusCode}; received: ${received.join(', ')}`;
};
for (const [name, path] of Object.entries({ 'one upstream group': '/group', 'error_page to a named location': '/named', 'error_page to a path': '/path' })) {
  console.log(`${name}, closed without a response: ${await post(path)}`);
  console.log(`${name}, no response in time: ${await post(`${path}-late`)}`);
}
nginx.kill('SIGTERM');
await once(nginx, 'exit');
process.exit(0);
JS
seen="$(node probe.mjs "$nginx")"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
one upstream group, closed without a response: 502; received: first POST /group {"amount":100}
one upstream group, no response in time: 504; received: first POST /group-late {"amount":100}
error_page to a named location, closed without a response: 200; received: first POST /named {"amount":100}, second POST /named {"amount":100}
error_page to a named location, no response in time: 200; received: first POST /named-late {"amount":100}, second POST /named-late {"amount":100}
error_page to a path, closed without a response: 200; received: first POST /path {"amount":100}, second GET /backup {"amount":100}
error_page to a path, no response in time: 200; received: first POST /path-late {"amount":100}, second GET /backup {"amount":100}
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: nginx sends a POST with its body to a second server after the first has carried it out, if that server is named by error_page 502 504 = @backup"
