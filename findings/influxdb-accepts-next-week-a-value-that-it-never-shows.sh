#!/usr/bin/env bash
# What becomes of a field that was a number and is sent as a text after a deployment, in InfluxDB?
#
# Versions:  InfluxDB 1.6.7 of Debian 12 (influxdb); node as the client.
# Guess:     The write is refused with 400, a field type conflict, so that the mistake shows; the type of a field is fixed with its first value.
# Behaviour: 400 until the end of the week, with the other points of the request stored. From the next week on 204: the texts are stored, and no query shows
#            them. SELECT and count() go on with the numbers of before, without a message; only value::string returns them.
# Why the guess is wrong: a field has a type in each shard, and a shard is seven days, unless the retention is short. A query over several takes the first type of float,
#            integer, string, boolean that it finds, and leaves out the others.
# Source:    InfluxDB 1.x documentation, "Frequently asked questions" (How does InfluxDB handle field type discrepancies across shards), write_syntax.
# Output seen: the text in `expected` at the end.
set -euo pipefail
for command in influxd node; do command -v "$command" >/dev/null || { echo "needs $command" >&2; exit 2; }; done
case "$(dpkg-query -W -f '${Version}' influxdb)" in 1.6.7*) ;; *) echo "needs InfluxDB 1.6.7" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >probe.mjs <<'JS'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const freePort = async () => {
  const free = net.createServer().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const { port } = free.address();
  free.close();
  await once(free, 'close');
  return port;
};
const [port, other] = [await freePort(), await freePort()];
writeFileSync('influx.conf', `
reporting-disabled = true
bind-address = "127.0.0.1:${other}"
[meta]
dir = "${process.cwd()}/meta"
[data]
dir = "${process.cwd()}/data"
wal-dir = "${process.cwd()}/wal"
[http]
bind-address = "127.0.0.1:${port}"
[monitor]
store-enabled = false
`);
const influxd = spawn('influxd', ['-config', 'influx.conf'], { stdio: 'ignore' });
process.on('exit', () => influxd.kill('SIGKILL'));
const url = `http://127.0.0.1:${port}`;
for (let n = 0; n < 200; n++) {
  if (await fetch(`${url}/ping`).then(({ status }) => status === 204, () => false)) break;
  await sleep(50);
}
const query = async (text) => {
  const response = await fetch(`${url}/query?${new URLSearchParams({ db: 'metrics', q: text })}`, { method: 'POST' });
  const { results } = await response.json();
  const values = results[0].series?.[0].values.map((row) => row.slice(1).join(' ')) ?? [];
  return results[0].error ?? (values.join(', ') || 'nothing');
};
const WEEK = 7 * 24 * 60 * 60;
const FIRST = Date.UTC(2026, 0, 1) / 1000;
const write = async (name, ...lines) => {
  const response = await fetch(`${url}/write?db=metrics&precision=s`, { method: 'POST', body: lines.join('\n') });
  console.log(`${name}: ${response.status} ${(await response.text()).match(/field type conflict|$/)[0]}`.trim());
};
const show = async () => {
  for (const text of ['SELECT value FROM amount', 'SELECT count(value) FROM amount', 'SELECT value::string FROM amount']) console.log(`  ${text}: ${await query(text)}`);
};
await query('CREATE DATABASE metrics');
await write('a number', `amount value=990 ${FIRST}`);
await write('a number and a text, the same week', `amount value=995 ${FIRST + 1}`, `amount value="1000" ${FIRST + 2}`);
await write('two texts, two weeks later', `amount value="1200" ${FIRST + 2 * WEEK}`, `amount value="1300" ${FIRST + 2 * WEEK + 1}`);
await show();
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
a number: 204
a number and a text, the same week: 400 field type conflict
two texts, two weeks later: 204
  SELECT value FROM amount: 990, 995
  SELECT count(value) FROM amount: 2
  SELECT value::string FROM amount: 1200, 1300
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: InfluxDB accepts a text for a field of numbers from the next week on, and no query that does not ask for texts shows it"
