#!/usr/bin/env bash
# When does the alert increase(errors_total[…]) > 0 fire for the first error of a kind, whose series appears with the value 1?
#
# Versions:  Prometheus 2.42.0 of Debian 12 (prometheus), node for the metrics.
# Guess:     At the next evaluation, as for every further error: a counter starts at 0, and 1 is one more.
# Behaviour: Never. increase and rate of the series are 0, for this error and for five at once, so that a burst that ends with its process leaves
#            no alert. The same counter that was exported as 0 before fires. Clients create a series with labels at its first increment, so
#            that the rarest errors are those that are not seen. "sum by" around it changes nothing.
# Why the guess is wrong: increase compares samples. The first sample of a series is a start, not a change: Prometheus cannot know whether the
#            counter began at 0 or was scraped for the first time. Each combination of labels has to be exported with 0 at the start,
#            or the alert adds "or (errors_total unless errors_total offset 5m) > 0".
# Source:    Prometheus documentation, instrumentation, "avoid missing metrics"; promql/functions.go, extrapolatedRate.
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

let scrapes = 0;
const exporter = http.createServer((request, response) => {
  const failed = ++scrapes > 5;
  const lines = [`errors_total{kind="exported-as-0-before"} ${failed ? 1 : 0}`];
  // A client creates a series with labels when it counts the first time.
  if (failed) lines.push('errors_total{kind="new"} 1', 'errors_total{kind="new-five-at-once"} 5');
  response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' });
  response.end(`# TYPE errors_total counter\n${lines.join('\n')}\n`);
}).listen(0, '127.0.0.1');
await once(exporter, 'listening');
const free = net.createServer().listen(0, '127.0.0.1');
await once(free, 'listening');
const { port } = free.address();
free.close();
await once(free, 'close');
const EXPRESSIONS = {
  Increase: 'increase(errors_total[20s]) > 0',
  SumOfIncrease: 'sum by (kind) (increase(errors_total[20s])) > 0',
  WithNewSeries: '(increase(errors_total[20s]) > 0) or ((errors_total unless errors_total offset 20s) > 0)',
};
writeFileSync('rules.yml', JSON.stringify({ groups: [{ name: 'probe', rules: Object.entries(EXPRESSIONS).map(([alert, expr]) => ({ alert, expr })) }] }));
writeFileSync('prometheus.yml', JSON.stringify({
  global: { scrape_interval: '1s', evaluation_interval: '1s' },
  rule_files: ['rules.yml'],
  scrape_configs: [{ job_name: 'receiver', static_configs: [{ targets: [`127.0.0.1:${exporter.address().port}`] }] }],
}));
const prometheus = spawn('prometheus', ['--config.file=prometheus.yml', '--storage.tsdb.path=data', `--web.listen-address=127.0.0.1:${port}`], { stdio: 'ignore' });
process.on('exit', () => prometheus.kill('SIGKILL'));
while (scrapes < 15) await sleep(100);
const ask = async (query) => (await (await fetch(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(query)}`)).json()).data.result;
for (const kind of ['exported-as-0-before', 'new', 'new-five-at-once']) {
  const [{ value }] = await ask(`increase(errors_total{kind="${kind}"}[20s])`);
  const fired = (await ask(`max_over_time(ALERTS{kind="${kind}"}[1m])`)).map(({ metric }) => metric.alertname).sort();
  console.log(`${kind}: increase ${Number(value[1]) > 0 ? 'above 0' : value[1]}; alerts that fired: ${fired.join(', ') || 'none'}`);
}
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
exported-as-0-before: increase above 0; alerts that fired: Increase, SumOfIncrease, WithNewSeries
new: increase 0; alerts that fired: WithNewSeries
new-five-at-once: increase 0; alerts that fired: WithNewSeries
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: Prometheus does not count the first value of a series as an increase, so that an alert on the first error of a kind does not fire"
