#!/usr/bin/env bash
# Which path does a service behind lighttpd receive, when a client calls back at /callbacks/2026%2F4711?
#
# Versions:  lighttpd 1.4.69 of Debian 12 (lighttpd), mod_proxy, no setting of server.http-parseopts; node for the service.
# Guess:     The same: a proxy that passes everything to one server changes headers, but not the path, as nginx (proxy_pass without a path), HAProxy and Caddy do.
# Behaviour: /callbacks/2026/4711, which is another route, and a 404. // becomes /, a dot segment is removed, and %41 becomes A, in the query too, so that a signature over the URL as the client has written it does not match.
#            %3F and a %2F in the query stay. With url-normalize disabled the path is passed on as it is.
# Why the guess is wrong: lighttpd normalizes each URL before it matches it with its conditions, by default since 1.4.50, and the proxy passes on the result.
# Source:    lighttpd documentation, server.http-parseopts (url-normalize, url-path-2f-decode, url-path-dotseg-remove).
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v lighttpd >/dev/null || { echo "needs lighttpd" >&2; exit 2; }
case "$(lighttpd -v)" in *'lighttpd/1.4.69'*) ;; *) echo "needs lighttpd 1.4.69" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >probe.mjs <<'JS'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

let received = '';
const server = http.createServer((request, response) => {
  received = request.url;
  request.resume().on('end', () => response.end());
}).listen(0, '127.0.0.1');
await once(server, 'listening');
writeFileSync('as-it-is.conf', '');
writeFileSync('disabled.conf', 'server.http-parseopts = ("url-normalize" => "disable")');
const PATHS = ['/callbacks/order-1', '/callbacks/2026%2F4711', '/callbacks//4711', '/callbacks/%41%7E1', '/callbacks/./4711', '/callbacks/a%3Fb', '/callbacks/1?token=%41%2Bb', '/callbacks/1?next=%2Fx'];
for (const name of ['as-it-is', 'disabled']) {
  writeFileSync('lighttpd.conf', `
server.document-root = "${process.cwd()}"
server.modules = ("mod_proxy")
server.bind = "${process.cwd()}/${name}.sock"
include "${name}.conf"
proxy.server = ("" => (("host" => "127.0.0.1", "port" => ${server.address().port})))
`);
  const proxy = spawn('lighttpd', ['-D', '-f', 'lighttpd.conf'], { stdio: 'ignore' });
  for (let n = 0; n < 200 && !existsSync(`${name}.sock`); n++) await sleep(50);
  for (const path of PATHS) {
    const request = http.request({ socketPath: `${name}.sock`, path, method: 'POST', agent: false }).end('x');
    const [response] = await once(request, 'response');
    response.resume();
    await once(response, 'end');
    console.log(`${name === 'disabled' ? 'url-normalize disabled' : 'no setting'}: ${path} ${received === path ? 'as it is' : `becomes ${received}`}`);
  }
  proxy.kill('SIGTERM');
  await once(proxy, 'exit');
}
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
no setting: /callbacks/order-1 as it is
no setting: /callbacks/2026%2F4711 becomes /callbacks/2026/4711
no setting: /callbacks//4711 becomes /callbacks/4711
no setting: /callbacks/%41%7E1 becomes /callbacks/A~1
no setting: /callbacks/./4711 becomes /callbacks/4711
no setting: /callbacks/a%3Fb as it is
no setting: /callbacks/1?token=%41%2Bb becomes /callbacks/1?token=A%2Bb
no setting: /callbacks/1?next=%2Fx as it is
url-normalize disabled: /callbacks/order-1 as it is
url-normalize disabled: /callbacks/2026%2F4711 as it is
url-normalize disabled: /callbacks//4711 as it is
url-normalize disabled: /callbacks/%41%7E1 as it is
url-normalize disabled: /callbacks/./4711 as it is
url-normalize disabled: /callbacks/a%3Fb as it is
url-normalize disabled: /callbacks/1?token=%41%2Bb as it is
url-normalize disabled: /callbacks/1?next=%2Fx as it is
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: lighttpd passes /callbacks/2026%2F4711 on as /callbacks/2026/4711, and rewrites other URLs that a signature covers"
