#!/usr/bin/env bash
# Which warnings does an inhibition rule with "equal: [instance]" silence, if the critical alert has no label instance?
#
# Versions:  Alertmanager 0.25.0 of Debian 12 (prometheus-alertmanager).
# Guess:     None: the rule asks for an equal label, and there is nothing to compare. At most it is refused or logged.
# Behaviour: All warnings that lack the label as well, of any alert, any service and any cause. A warning of a queue is not sent while the
#            alert of a backup is critical. Alerts lose instance by aggregation (sum, max, absent), which is what alerts about a whole
#            service do. Warnings with the label are sent.
# Why the guess is wrong: a label that is absent is the empty text, and both are equal. "equal" with a label that every alert has, alertname or
#            service, or one more condition in target_matchers (instance!="") limits the rule.
# Source:    Alertmanager documentation, inhibit_rule ("if all the label names listed in equal are missing from both the source and target
#            alerts, the inhibition rule will apply").
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
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const free = net.createServer().listen(0, '127.0.0.1');
await once(free, 'listening');
const { port } = free.address();
free.close();
await once(free, 'close');
const url = `http://127.0.0.1:${port}`;
const ALERTS = [
  { alertname: 'BackupIsMissing', severity: 'critical', job: 'backup' },
  { alertname: 'ResultsAreLate', severity: 'warning', job: 'receiver' },
  { alertname: 'DiskIsFull', severity: 'warning', job: 'receiver', instance: 'receiver-1' },
];
for (const [name, target] of [['equal: [instance]', []], ['the same and instance!=""', ['instance!=""']]]) {
  writeFileSync('alertmanager.yml', JSON.stringify({
    route: { receiver: 'none' },
    receivers: [{ name: 'none' }],
    inhibit_rules: [{ source_matchers: ['severity="critical"'], target_matchers: ['severity="warning"', ...target], equal: ['instance'] }],
  }));
  const manager = spawn('prometheus-alertmanager', ['--config.file=alertmanager.yml', '--storage.path=data', `--web.listen-address=127.0.0.1:${port}`, '--cluster.listen-address='], { stdio: 'ignore' });
  process.on('exit', () => manager.kill('SIGKILL'));
  for (let n = 0; n < 300 && !(await fetch(`${url}/-/ready`).then((response) => response.ok, () => false)); n++) await sleep(100);
  const body = JSON.stringify(ALERTS.map((labels) => ({ labels })));
  await fetch(`${url}/api/v2/alerts`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  let alerts = [];
  for (let n = 0; n < 300 && (alerts.length < ALERTS.length || alerts.some(({ status }) => status.state === 'unprocessed')); n++) {
    await sleep(100);
    alerts = await (await fetch(`${url}/api/v2/alerts`)).json();
  }
  // The rule knows an alert shortly after it was accepted.
  await sleep(1000);
  alerts = await (await fetch(`${url}/api/v2/alerts`)).json();
  const states = ALERTS.map(({ alertname }) => `${alertname} ${alerts.find(({ labels }) => labels.alertname === alertname).status.state}`);
  console.log(`${name}: ${states.join(', ')}`);
  manager.kill('SIGTERM');
  await once(manager, 'exit');
}
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
equal: [instance]: BackupIsMissing active, ResultsAreLate suppressed, DiskIsFull active
the same and instance!="": BackupIsMissing active, ResultsAreLate active, DiskIsFull active
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: an inhibition rule of Alertmanager with equal: [instance] silences every warning without instance, if the critical alert has none either"
