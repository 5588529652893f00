#!/usr/bin/env bash
# What does Prometheus store if one scrape has a metric with an empty label and without the label, for example app="" and no app?
#
# Versions:  Prometheus 2.42.0 of Debian 12 (prometheus), node for the metrics.
# Guess:     Two series, as the text has; or, if it takes them for one, a failed scrape (up is 0) or a warning.
# Behaviour: One series with the value that comes first, so that the same counters give 7 or 9 by the order of the lines. up is 1, all samples
#            count as stored (scrape_samples_post_metric_relabeling), and the log has no warning. The exporter counts both.
# Why the guess is wrong: a label with an empty value is the absence of the label, and is removed when a line is read. Two samples of one series
#            with one time are then a duplicate. The check for duplicates compares with what was committed before, not within a scrape.
# Source:    Prometheus documentation, data model ("empty label value is considered equivalent to a label that does not exist").
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v prometheus >/dev/null || { echo "needs prometheus" >&2; exit 2; }
prometheus --version 2>&1 | grep -q 'version 2\.42\.0' || { echo "needs Prometheus 2.42.0" >&2; exit 2; }
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

const LINES = ['results_total{app=""} 7\n', 'results_total 9\n'];
const TEXTS = { '/empty-first': LINES, '/absent-first': LINES.toReversed?.() ?? [...LINES].reverse() };
const exporter = http.createServer((request, response) => {
  response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' });
  response.end(`# TYPE results_total counter\n${TEXTS[request.url].join('')}`);
}).listen(0, '127.0.0.1');
await once(exporter, 'listening');
const free = net.createServer().listen(0, '127.0.0.1');
await once(free, 'listening');
const { port } = free.address();
free.close();
await once(free, 'close');
const jobs = Object.keys(TEXTS).map((path) => `{job_name: ${path.slice(1)}, metrics_path: ${path}, static_configs: [{targets: ['127.0.0.1:${exporter.address().port}']}]}`);
writeFileSync('prometheus.yml', `{global: {scrape_interval: 1s}, scrape_configs: [${jobs.join(', ')}]}\n`);
const prometheus = spawn('prometheus', ['--config.file=prometheus.yml', '--storage.tsdb.path=data', `--web.listen-address=127.0.0.1:${port}`], { stdio: ['ignore', 'ignore', 'pipe'] });
process.on('exit', () => prometheus.kill('SIGKILL'));
let log = '';
prometheus.stderr.on('data', (chunk) => { log += chunk; });
const ask = async (query) => (await (await fetch(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(query)}`)).json()).data.result;
for (let n = 0; n < 300 && (await ask('count_over_time(up[1m]) > 2').catch(() => [])).length < 2; n++) await sleep(100);
for (const path of Object.keys(TEXTS)) {
  const of = async (metric) => (await ask(`${metric}{job="${path.slice(1)}"}`)).map(({ value }) => value[1]).join(' and ');
  console.log(`${path.slice(1)}: up ${await of('up')}, series with the value ${await of('results_total')}, samples ${await of('scrape_samples_post_metric_relabeling')}`);
}
console.log(`warnings and errors in the log: ${log.split('\n').filter((line) => /level=(warn|error)/.test(line)).length}`);
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
empty-first: up 1, series with the value 7, samples 2
absent-first: up 1, series with the value 9, samples 2
warnings and errors in the log: 0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: Prometheus stores one series for an empty and an absent label, with the value of the first line, and reports nothing"
