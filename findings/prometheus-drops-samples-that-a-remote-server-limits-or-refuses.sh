#!/usr/bin/env bash
# Which samples does Prometheus send again by remote_write after the server has responded with 429, 401, 404 or 503 for some seconds?
#
# Versions:  Prometheus 2.42.0 of Debian 12 (prometheus), default settings of remote_write, node for the server.
# Guess:     All: it reads them from its log of two hours, backs off, and catches up. 429 with Retry-After asks for exactly that.
# Behaviour: Those of 503 only. What was answered with 429, 401 or 404 is dropped at once, after one attempt, although it is still in the log.
#            An hour with an expired token, or a limit that is reached whenever all receivers start, is an hour without data. The figure of
#            drops is samples_failed_total; samples_dropped_total, which has the better name, stays 0.
# Why the guess is wrong: each status below 500 is taken as a property of the data, which would never be accepted (non-recoverable). For 429
#            there is retry_on_http_429 in queue_config, which is off.
# Source:    Prometheus documentation, remote_write (retry_on_http_429); storage/remote/client.go, Store (RecoverableError).
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v prometheus >/dev/null || { echo "needs prometheus" >&2; exit 2; }
case "$(prometheus --version 2>&1)" in *'version 2.42.0'*) ;; *) echo "needs Prometheus 2.42.0" >&2; exit 2 ;; esac
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

const NAMES = ['503', '429', '401', '404', '429-retry'];
const refused = new Map(NAMES.map((name) => [name, new Set()]));
const accepted = new Map(NAMES.map((name) => [name, new Set()]));
let available = false;
const server = http.createServer(async (request, response) => {
  const body = Buffer.concat(await request.toArray()).toString('base64');
  const name = request.url.slice(1);
  if (name === 'metrics') {
    response.end('# TYPE results_total counter\nresults_total 1\n');
  } else {
    (available ? accepted : refused).get(name).add(body);
    response.writeHead(available ? 204 : Number.parseInt(name, 10), available ? {} : { 'retry-after': '1' }).end();
  }
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const free = net.createServer().listen(0, '127.0.0.1');
await once(free, 'listening');
const { port } = free.address();
free.close();
await once(free, 'close');
const target = `127.0.0.1:${server.address().port}`;
writeFileSync('prometheus.yml', JSON.stringify({
  global: { scrape_interval: '1s' },
  scrape_configs: [{ job_name: 'receiver', static_configs: [{ targets: [target] }] }],
  remote_write: NAMES.map((name) => ({ name, url: `http://${target}/${name}`, queue_config: { batch_send_deadline: '1s', ...(name === '429-retry' && { retry_on_http_429: true }) } })),
}));
const prometheus = spawn('prometheus', ['--config.file=prometheus.yml', '--storage.tsdb.path=data', `--web.listen-address=127.0.0.1:${port}`], { stdio: 'ignore' });
process.on('exit', () => prometheus.kill('SIGKILL'));
while (NAMES.some((name) => refused.get(name).size < (name === '503' || name === '429-retry' ? 1 : 3))) await sleep(100);
available = true;
while (NAMES.some((name) => accepted.get(name).size < 4)) await sleep(100);
const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
const count = (metric, name) => Number(new RegExp(`^prometheus_remote_storage_${metric}\\{remote_name="${name}".*\\} (\\S+)`, 'm').exec(metrics)[1]);
for (const name of NAMES) {
  const again = [...refused.get(name)].filter((body) => accepted.get(name).has(body)).length;
  const share = again === 0 ? 'none' : again === refused.get(name).size ? 'all' : 'some';
  console.log(`${name}: sent again ${share} of what was refused; samples_failed_total ${count('samples_failed_total', name) > 0 ? 'above 0' : 0}, samples_dropped_total ${count('samples_dropped_total', name)}`);
}
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
503: sent again all of what was refused; samples_failed_total 0, samples_dropped_total 0
429: sent again none of what was refused; samples_failed_total above 0, samples_dropped_total 0
401: sent again none of what was refused; samples_failed_total above 0, samples_dropped_total 0
404: sent again none of what was refused; samples_failed_total above 0, samples_dropped_total 0
429-retry: sent again all of what was refused; samples_failed_total 0, samples_dropped_total 0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: Prometheus drops what a remote_write server answers with 429, 401 or 404, and sends only what got 5xx again"
