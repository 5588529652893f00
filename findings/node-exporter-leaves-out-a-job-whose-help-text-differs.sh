#!/usr/bin/env bash
# Which series does node_exporter show of two jobs that write the same metric into the folder of its textfile collector, each with its own label?
#
# Versions:  node_exporter 1.5.0 of Debian 12 (prometheus-node-exporter): --collector.textfile.directory.
# Guess:     Both, whatever their HELP texts say: a HELP is a comment. If something cannot be read, node_textfile_scrape_error is 1, or the scrape fails.
# Behaviour: Only the first one, in the order of the file names, if the HELP texts differ in one letter; so is the second of two files with the same series. The response is 200,
#            node_textfile_scrape_error is 0, node_scrape_collector_success 1, and node_textfile_mtime_seconds shows the file as read. An alert on the age of the last backup has
#            no series to compare, and never fires. promhttp_metric_handler_errors_total{cause="gathering"} counts each scrape, and the log has a line.
# Why the guess is wrong: the file was parsed, which is all that the collector reports. The series is refused afterwards, when all series are put together: one name has one HELP
#            there. The handler continues on errors, and serves what is left.
# Source:    node_exporter, collector/textfile.go, node_exporter.go (promhttp.ContinueOnError); client_golang, prometheus/registry.go, checkMetricConsistency, processMetric.
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v prometheus-node-exporter >/dev/null || { echo "needs prometheus-node-exporter" >&2; exit 2; }
case "$(prometheus-node-exporter --version 2>&1)" in *'version 1.5.0'*) ;; *) echo "needs node_exporter 1.5.0" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >probe.mjs <<'JS'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const free = net.createServer().listen(0, '127.0.0.1');
await once(free, 'listening');
const { port } = free.address();
free.close();
await once(free, 'close');
mkdirSync('texts');
const exporter = spawn('prometheus-node-exporter', ['--collector.disable-defaults', '--collector.textfile', '--collector.textfile.directory=texts',
  `--web.listen-address=127.0.0.1:${port}`], { stdio: 'ignore' });
process.on('exit', () => exporter.kill('SIGKILL'));
const url = `http://127.0.0.1:${port}`;
for (let n = 0; n < 200 && !(await fetch(url).then((response) => response.ok, () => false)); n++) await sleep(50);
const file = (help, labels) => `# HELP backup_last_success_seconds ${help}\n# TYPE backup_last_success_seconds gauge\nbackup_last_success_seconds${labels} 1700000000\n`;
const HELP = 'Time of the last success.';
for (const [name, first, second] of [
  ['the same HELP', file(HELP, '{job="database"}'), file(HELP, '{job="exports"}')],
  ['one HELP without the dot', file(HELP, '{job="database"}'), file(HELP.slice(0, -1), '{job="exports"}')],
  ['one file without a HELP', file(HELP, '{job="database"}'), file(HELP, '{job="exports"}').split('\n').slice(1).join('\n')],
  ['the same series twice', file(HELP, ''), file(HELP, '')],
]) {
  writeFileSync('texts/a.prom', first);
  writeFileSync('texts/b.prom', second);
  const errors = async () => {
    const response = await fetch(`${url}/metrics`);
    const text = await response.text();
    return { status: response.status, text, count: Number(/^promhttp_metric_handler_errors_total\{cause="gathering"\} (\d+)$/m.exec(text)[1]) };
  };
  // The response to a scrape has the errors of those before it.
  const { status, text, count } = await errors();
  const value = (metric) => new RegExp(`^${metric}(?:\\{[^}]*\\})? (\\d+)$`, 'm').exec(text)[1];
  const series = text.split('\n').filter((line) => line.startsWith('backup_last_success_seconds')).map((line) => line.replace('backup_last_success_seconds', '').split(' ')[0] || 'no label');
  const read = text.split('\n').filter((line) => line.startsWith('node_textfile_mtime_seconds')).length;
  console.log(`${name}: ${status}; series of ${series.join(' and ')}; node_textfile_scrape_error ${value('node_textfile_scrape_error')}, node_scrape_collector_success ${value('node_scrape_collector_success')}, files with an mtime ${read}; errors counted ${(await errors()).count - count}`);
}
rmSync('texts', { recursive: true });
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
the same HELP: 200; series of {job="database"} and {job="exports"}; node_textfile_scrape_error 0, node_scrape_collector_success 1, files with an mtime 2; errors counted 0
one HELP without the dot: 200; series of {job="database"}; node_textfile_scrape_error 0, node_scrape_collector_success 1, files with an mtime 2; errors counted 1
one file without a HELP: 200; series of {job="database"}; node_textfile_scrape_error 0, node_scrape_collector_success 1, files with an mtime 2; errors counted 1
the same series twice: 200; series of no label; node_textfile_scrape_error 0, node_scrape_collector_success 1, files with an mtime 2; errors counted 1
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: node_exporter leaves out the series of a textfile whose HELP text differs from that of another file, with 200 and node_textfile_scrape_error 0"
