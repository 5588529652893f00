#!/usr/bin/env bash
# Which audit lines does rsyslog send again by TCP, with a queue on disk and endless repetition, after their receiver was killed while it was busy?
#
# Versions:  rsyslog 8.2302.0 of Debian 12 (rsyslog): omfwd with protocol="tcp", action.resumeRetryCount="-1", queue.filename; node as the
#            receiver.
# Guess:     All that the receiver has not read: a line leaves the queue when it is delivered, and the queue is there for such times.
# Behaviour: None. The ten lines that were sent while the receiver did not read are lost; those of after the break arrive. rsyslog reports
#            that the connection was closed, and no loss. A receiver that is stopped while no line is on its way loses nothing, so that a test
#            by hand shows that it works.
# Why the guess is wrong: a line counts as sent when send(2) has taken it. It is then in the buffers of two kernels, and dies with the
#            connection. Syslog by TCP has no acknowledgement; RELP (rsyslog-relp) has one.
# Source:    rsyslog documentation, omfwd ("plain tcp syslog is not fully reliable"), "Reliable Forwarding of syslog Messages"; RFC 6587, 3.1.
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v rsyslogd >/dev/null || { echo "needs rsyslog" >&2; exit 2; }
case "$(rsyslogd -v)" in *8.2302.0*) ;; *) echo "needs rsyslog 8.2302.0" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >probe.mjs <<'JS'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const freePort = async () => {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
};
const [input, output] = [await freePort(), await freePort()];
const received = [];
const connections = new Set();
const listen = async () => {
  const server = net.createServer((connection) => {
    connections.add(connection.on('error', () => {}));
    connection.on('data', (chunk) => received.push(...chunk.toString().split('\n').filter(Boolean)));
  }).listen(output, '127.0.0.1');
  await once(server, 'listening');
  return server;
};
mkdirSync('spool');
writeFileSync('rsyslog.conf', `
global(workDirectory="${process.cwd()}/spool")
module(load="imtcp")
input(type="imtcp" port="${input}" address="127.0.0.1")
template(name="line" type="string" string="%msg%\\n")
action(type="omfwd" target="127.0.0.1" port="${output}" protocol="tcp" template="line" action.resumeRetryCount="-1"
  action.resumeInterval="1" queue.type="LinkedList" queue.filename="forward" queue.saveOnShutdown="on")
`);
let server = await listen();
const rsyslog = spawn('rsyslogd', ['-n', '-f', 'rsyslog.conf', '-i', `${process.cwd()}/pid`], { stdio: 'ignore' });
process.on('exit', () => rsyslog.kill('SIGKILL'));
let sender;
for (let n = 0; n < 200 && !sender; n++) {
  const attempt = net.connect(input, '127.0.0.1');
  sender = await once(attempt, 'connect').then(() => attempt, () => sleep(50));
}
const send = (from, to) => {
  for (let n = from; n <= to; n++) sender.write(`<14>1 2026-01-01T00:00:00Z host receiver - - - line-${n}\n`);
};
const until = async (line) => {
  for (let n = 0; n < 600 && !received.includes(line); n++) await sleep(50);
};
const show = () => received.splice(0).map((line) => line.slice('line-'.length)).join(' ');
// As a killed process: the kernel resets its connections, and what was not read is gone.
const kill = async () => {
  server.close();
  for (const connection of connections) connection.resetAndDestroy();
  connections.clear();
  await once(server, 'close');
  server = await listen();
};
send(1, 3);
await until('line-3');
console.log(`received: ${show()}`);
await kill();
await sleep(500);
send(4, 6);
await until('line-6');
console.log(`after a restart of an idle receiver: ${show()}`);
for (const connection of connections) connection.pause();
send(7, 16);
await sleep(2000);
await kill();
await sleep(500);
send(17, 19);
await until('line-19');
await sleep(3000);
console.log(`lines 7 to 19, after a restart of a busy receiver: ${show()}`);
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
received: 1 2 3
after a restart of an idle receiver: 4 5 6
lines 7 to 19, after a restart of a busy receiver: 17 18 19
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: rsyslog with an endless queue on disk loses the lines that its TCP receiver had not read when it was killed"
