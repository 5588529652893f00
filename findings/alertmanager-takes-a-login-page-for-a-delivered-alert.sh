#!/usr/bin/env bash
# When does Alertmanager repeat an alert whose webhook responds with a redirect, for example to a login page or from http to https?
#
# Versions:  Alertmanager 0.25.0 of Debian 12 (prometheus-alertmanager), default settings of the receiver.
# Guess:     At the next group interval, as after each failure: a POST that is redirected was not delivered. Or it sends the POST to the new
#            address.
# Behaviour: After 301, 302 and 303 it sends a GET without a body to the new address, takes its 200 for the delivery, and is silent for
#            repeat_interval, by default four hours. The log has no line about it. Only after 307 and 308 the alert is sent. Without the
#            redirect, 200 and 404 are what one expects. With "http_config: {follow_redirects: false}" a redirect is a failure.
# Why the guess is wrong: follow_redirects is true by default, and the HTTP client of Go turns a POST into a GET after 301, 302 and 303, as
#            browsers do. The login page in front of a receiver, or its new https address, swallows every alert.
# Source:    net/http, Client.Do ("redirectBehavior"); Prometheus documentation, http_config (follow_redirects); RFC 9110, 15.4.
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v prometheus-alertmanager >/dev/null || { echo "needs prometheus-alertmanager" >&2; exit 2; }
case "$(prometheus-alertmanager --version 2>&1)" in *'version 0.25.0'*) ;; *) echo "needs Alertmanager 0.25.0" >&2; exit 2 ;; esac
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

const received = new Map();
const server = http.createServer((request, response) => {
  let size = 0;
  request.on('data', (chunk) => { size += chunk.length; });
  request.on('end', () => {
    const [, name, at] = request.url.split('/');
    if (!received.has(name)) received.set(name, []);
    received.get(name).push(`${request.method} ${at ?? 'hook'} ${size > 0 ? 'with the alert' : 'empty'}`);
    if (at === undefined && name.startsWith('30')) response.writeHead(Number(name), { location: `/${name}/login` }).end();
    else if (name === '404') response.writeHead(404).end();
    else if (name === 'off' && at === undefined) response.writeHead(302, { location: `/${name}/login` }).end();
    else response.end('<html>');
  });
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const free = net.createServer().listen(0, '127.0.0.1');
await once(free, 'listening');
const { port } = free.address();
free.close();
await once(free, 'close');
const NAMES = ['200', '301', '302', '303', '307', '308', '404', 'off'];
writeFileSync('alertmanager.yml', JSON.stringify({
  // Short, so that a failure is repeated within the time of this probe.
  route: { receiver: '200', group_by: ['alertname'], group_wait: '0s', group_interval: '3s', routes: NAMES.map((name) => ({ receiver: name, matchers: [`alertname="${name}"`] })) },
  receivers: NAMES.map((name) => ({
    name,
    webhook_configs: [{ url: `http://127.0.0.1:${server.address().port}/${name}`, ...(name === 'off' && { http_config: { follow_redirects: false } }) }],
  })),
}));
const manager = spawn('prometheus-alertmanager', ['--config.file=alertmanager.yml', '--storage.path=data', `--web.listen-address=127.0.0.1:${port}`, '--cluster.listen-address='], { stdio: ['ignore', 'ignore', 'pipe'] });
let log = '';
manager.stderr.on('data', (chunk) => { log += chunk; });
process.on('exit', () => manager.kill('SIGKILL'));
const url = `http://127.0.0.1:${port}`;
for (let n = 0; n < 300 && !(await fetch(`${url}/-/ready`).then((response) => response.ok, () => false)); n++) await sleep(100);
const alerts = NAMES.map((alertname) => ({ labels: { alertname } }));
await fetch(`${url}/api/v2/alerts`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(alerts) });
// A second attempt of a failure is the sign that all first attempts are over.
while (!((received.get('404')?.length ?? 0) > 1 && (received.get('off')?.length ?? 0) > 1 && received.size === NAMES.length)) await sleep(100);
for (const name of NAMES) {
  const requests = received.get(name);
  const repeated = requests.filter((request) => request.startsWith('POST hook')).length > 1;
  console.log(`${name === 'off' ? '302, follow_redirects: false' : name}: ${[...new Set(requests)].join(', then ')}; ${repeated ? 'repeated' : 'not repeated'}`);
}
const lines = (name) => log.split('\n').filter((line) => line.includes(`${name}/webhook`)).length;
console.log(`log: about 301, 302 and 303 ${lines('301') + lines('302') + lines('303')} lines, about 404 ${lines('404') > 0 ? 'some' : 0}`);
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
200: POST hook with the alert; not repeated
301: POST hook with the alert, then GET login empty; not repeated
302: POST hook with the alert, then GET login empty; not repeated
303: POST hook with the alert, then GET login empty; not repeated
307: POST hook with the alert, then POST login with the alert; not repeated
308: POST hook with the alert, then POST login with the alert; not repeated
404: POST hook with the alert; repeated
302, follow_redirects: false: POST hook with the alert; repeated
log: about 301, 302 and 303 0 lines, about 404 some
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: Alertmanager follows a redirect of its webhook with an empty GET, and takes the 200 of a login page for the delivery of the alert"
