#!/usr/bin/env bash
# How often does HAProxy with "retry-on all-retryable-errors" send a POST that times out, whose connection is lost, or that gets 503?
#
# Versions:  HAProxy 2.6.12 of Debian 12 (haproxy), two servers, node for them.
# Guess:     Once: a POST may have been carried out, and nginx does not repeat it either. What is repeated goes to the other server, which works.
# Behaviour: Four times, always to the server that failed; the other, which works, gets none. The client sees one 504, 502 or 503, and a charge
#            was made four times. "http-request disable-l7-retry if METH_POST" makes it one, and "option redispatch 1"
#            sends the repetitions to the other server. Without retry-on it is one.
# Why the guess is wrong: the option names errors, not methods: it says what counts as a failed attempt, and "retries 3" is the default. Another
#            server is chosen with "option redispatch" only.
# Source:    HAProxy documentation, retry-on, http-request disable-l7-retry, option redispatch.
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

let received = [];
const servers = [];
for (const name of ['a', 'b']) {
  const server = http.createServer((request, response) => {
    request.resume().on('end', () => {
      received.push(name);
      // The first server of a request fails at each attempt; the other one works.
      if (name !== received[0]) response.end();
      else if (request.url === '/lost') request.socket.destroy();
      else if (request.url === '/503') response.writeHead(503).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.push(`server ${name} 127.0.0.1:${server.address().port}`);
}
const VARIANTS = {
  'all-retryable-errors': 'retry-on all-retryable-errors',
  'disable-l7-retry': 'retry-on all-retryable-errors\n  http-request disable-l7-retry if METH_POST',
  'redispatch-1': 'retry-on all-retryable-errors\n  option redispatch 1',
  'no-retry-on': '',
};
const parts = Object.entries(VARIANTS).map(([name, lines]) => `
listen ${name}
  bind unix@${process.cwd()}/${name}.sock
  ${lines}
  ${servers.join('\n  ')}`);
writeFileSync('haproxy.cfg', `
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 1s
${parts.join('\n')}
`);
const haproxy = spawn('haproxy', ['-db', '-f', 'haproxy.cfg'], { stdio: 'ignore' });
for (let n = 0; n < 200 && !existsSync('no-retry-on.sock'); n++) await sleep(50);
for (const name of Object.keys(VARIANTS)) {
  for (const path of ['/silent', '/lost', '/503']) {
    received = [];
    const request = http.request({ socketPath: `${name}.sock`, path, method: 'POST', agent: false }).end('charge');
    const [response] = await once(request, 'response');
    response.resume();
    await once(response, 'end');
    const same = received.filter((server) => server === received[0]).length;
    console.log(`${name} POST ${path}: ${response.statusCode}; received by the first server ${same}, by the other ${received.length - same}`);
  }
}
haproxy.kill('SIGTERM');
await once(haproxy, 'exit');
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
all-retryable-errors POST /silent: 504; received by the first server 4, by the other 0
all-retryable-errors POST /lost: 502; received by the first server 4, by the other 0
all-retryable-errors POST /503: 503; received by the first server 4, by the other 0
disable-l7-retry POST /silent: 504; received by the first server 1, by the other 0
disable-l7-retry POST /lost: 502; received by the first server 1, by the other 0
disable-l7-retry POST /503: 503; received by the first server 1, by the other 0
redispatch-1 POST /silent: 200; received by the first server 1, by the other 1
redispatch-1 POST /lost: 200; received by the first server 1, by the other 1
redispatch-1 POST /503: 200; received by the first server 1, by the other 1
no-retry-on POST /silent: 504; received by the first server 1, by the other 0
no-retry-on POST /lost: 502; received by the first server 1, by the other 0
no-retry-on POST /503: 503; received by the first server 1, by the other 0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: HAProxy with retry-on all-retryable-errors sends a failed POST four times to the same server"
