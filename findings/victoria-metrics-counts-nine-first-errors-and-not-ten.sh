#!/usr/bin/env bash
# What is increase() of a counter in VictoriaMetrics whose first sample is already above zero?
#
# Versions:  VictoriaMetrics 1.79.5 of Debian 12 (victoria-metrics).
# Guess:     The value of the first sample: unlike Prometheus, VictoriaMetrics takes a new counter to have started from 0, so that the first error counts.
# Behaviour: Nine first errors are an increase of nine, and ten, or 500, are an increase of zero: an alert on "more than 5 errors" fires for the small failure
#            and not for the large one. What follows changes the past: with a 20th error in the next sample, the 19 of the first one count.
# Why the guess is wrong: a first value counts only if it is less than 10 times (the next step + 1), so that a counter which had been running for long
#            makes no peak. Later versions have another limit for a step of zero.
# Source:    app/vmselect/promql/rollup.go, rollupDelta; VictoriaMetrics issues 894 and 962.
# Output seen: the text in `expected` at the end.
set -euo pipefail
for command in victoria-metrics node; do command -v "$command" >/dev/null || { echo "needs $command" >&2; exit 2; }; done
case "$(dpkg-query -W -f '${Version}' victoria-metrics)" in 1.79.5*) ;; *) echo "needs VictoriaMetrics 1.79.5" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >probe.mjs <<'JS'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const free = net.createServer().listen(0, '127.0.0.1');
await once(free, 'listening');
const { port } = free.address();
free.close();
await once(free, 'close');
const server = spawn('victoria-metrics', ['-httpListenAddr', `127.0.0.1:${port}`, '-storageDataPath', `${process.cwd()}/data`, '-retentionPeriod=100y', '-search.latencyOffset=0s'], { stdio: 'ignore' });
process.on('exit', () => server.kill('SIGTERM'));
const url = `http://127.0.0.1:${port}`;
const get = (path) => fetch(url + path).then((response) => response.text());
for (let n = 0; n < 200; n++) {
  if (await get('/health').then((text) => text === 'OK', () => false)) break;
  await sleep(50);
}
const SERIES = {
  '9, and no more': [9, 9, 9, 9],
  '10, and no more': [10, 10, 10, 10],
  '109, and no more': [109, 109, 109, 109],
  '110, and no more': [110, 110, 110, 110],
  '12, 13': [12, 13, 13, 13],
  '19, 20': [19, 20, 20, 20],
  '20, 21': [20, 21, 21, 21],
  '29, 31': [29, 31, 31, 31],
  '500, 500': [500, 500, 500, 500],
};
const start = Date.now() - 10 * 60_000;
const lines = Object.entries(SERIES).flatMap(([name, values]) => values.map((value, index) => `errors_total{name="${name}"} ${value} ${start + (index + 1) * 60_000}`));
await fetch(`${url}/api/v1/import/prometheus`, { method: 'POST', body: `${lines.join('\n')}\n` });
await get('/internal/force_flush');
const query = new URLSearchParams({ query: 'increase(errors_total[5m])', time: String((start + 4.5 * 60_000) / 1000), nocache: '1' });
const { data } = JSON.parse(await get(`/api/v1/query?${query}`));
for (const name of Object.keys(SERIES)) console.log(`${name}: increase ${data.result.find(({ metric }) => metric.name === name)?.value[1]}`);
server.kill('SIGTERM');
await once(server, 'exit');
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
9, and no more: increase 9
10, and no more: increase 0
109, and no more: increase 0
110, and no more: increase 0
12, 13: increase 13
19, 20: increase 20
20, 21: increase 1
29, 31: increase 31
500, 500: increase 0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: VictoriaMetrics counts a first sample of 9 errors as an increase of 9, and one of 10 or 500 as none, unless the next step is large enough"
