#!/usr/bin/env bash
# Which value has a gauge of statsd after "drift:-5|g" was sent three times, and when nobody sends it any more?
#
# Versions:  statsd 0.9.0 (npm).
# Guess:     -5: a gauge is the last value that was sent. Later it is not reported.
# Behaviour: -15: a value with a sign is added, as is "+3". And every flush reports the last value again, without end, so that a dead service looks
#            alive and its lag constant. deleteGauges ends that; 0 followed by -5 sets a gauge below zero.
# Why the guess is wrong: the sign is part of the protocol: it marks a change. A client library that prints a number sends it all the same.
# Source:    statsd documentation, docs/metric_types.md, gauges; exampleConfig.js, deleteGauges.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts --omit=optional statsd@0.9.0
cat >backend.js <<'JS'
// A backend of statsd: prints the gauges of each flush.
exports.init = (_start, _config, events) => {
  events.on('flush', (_time, metrics) => {
    const { drift, level, both } = metrics.gauges;
    process.stdout.write(`${JSON.stringify({ drift, level, both })}\n`);
  });
  return true;
};
JS
cat >probe.mjs <<'JS'
import { spawn } from 'node:child_process';
import dgram from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import readline from 'node:readline';

const socket = dgram.createSocket('udp4').bind(0, '127.0.0.1');
await once(socket, 'listening');
const { port } = socket.address();
socket.close();
writeFileSync('config.js', JSON.stringify({ address: '127.0.0.1', port, mgmt_port: 0, mgmt_address: '127.0.0.1', flushInterval: 500, backends: [`${process.cwd()}/backend.js`] }).replace(/^/, '(').replace(/$/, ')'));
const statsd = spawn('node', ['node_modules/statsd/stats.js', 'config.js'], { stdio: ['ignore', 'pipe', 'pipe'] });
process.on('exit', () => statsd.kill('SIGKILL'));
statsd.stderr.on('data', (chunk) => process.stderr.write(chunk));
const lines = readline.createInterface({ input: statsd.stdout })[Symbol.asyncIterator]();
const next = async () => {
  for (;;) {
    const { value } = await lines.next();
    if (value.startsWith('{')) return JSON.parse(value);
  }
};
await next();
const client = dgram.createSocket('udp4');
const send = (text) => new Promise((resolve) => client.send(text, port, '127.0.0.1', resolve));
for (const text of ['drift:-5|g', 'drift:-5|g', 'drift:-5|g', 'level:7|g', 'level:7|g', 'level:+3|g', 'both:0|g', 'both:-5|g']) await send(text);
let gauges = await next();
while (gauges.both !== -5) gauges = await next();
console.log(`-5 three times: ${gauges.drift}`);
console.log(`7, 7, +3: ${gauges.level}`);
console.log(`0, -5: ${gauges.both}`);
const later = [];
for (let n = 0; n < 5; n++) later.push((await next()).drift);
console.log(`the next five flushes, when nobody sends: ${later.join(' ')}`);
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
-5 three times: -15
7, 7, +3: 10
0, -5: -5
the next five flushes, when nobody sends: -15 -15 -15 -15 -15
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: statsd adds a gauge with a sign to its last value, so that -5 sent three times is -15, and reports the last value without end"
