#!/usr/bin/env bash
# What does rsyslog make of a line with a JSON object of 20 kB that it receives by TCP?
#
# Versions:  rsyslog 8.2302.0 of Debian 12 (rsyslog), imtcp, default settings (maxMessageSize 8k).
# Guess:     One line: the object, or the first 8 kB of it and a sign that it was cut.
# Behaviour: Three lines, none of which is JSON. The second and the third are not the missing parts: rsyslog has read a header from each, so
#            that 1 kB of the text is now in other fields (hostname and tag), and not in %msg%. Both have the priority 13, a notice. With
#            maxMessageSize="64k" it is one line, unchanged.
# Why the guess is wrong: imtcp ends a message at the limit, and takes what follows, up to the end of the line, for a new message. Each
#            message is parsed as syslog. An audit entry with a long detail, or a stack trace, is what is above the limit.
# Source:    rsyslog documentation, global(), maxMessageSize; imtcp; RFC 6587, 3.4.2.
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
const entry = JSON.stringify({ event: 'CALLBACK_RECEIVED', words: Array.from({ length: 2500 }, (_, n) => String(n).padStart(5, '0')) });
for (const size of ['', ' maxMessageSize="64k"']) {
  let received = '';
  const server = net.createServer((connection) => {
    connection.on('error', () => {}).on('data', (chunk) => { received += chunk; });
  }).listen(output, '127.0.0.1');
  await once(server, 'listening');
  mkdirSync('spool', { recursive: true });
  writeFileSync('rsyslog.conf', `
global(workDirectory="${process.cwd()}/spool"${size})
module(load="imtcp")
input(type="imtcp" port="${input}" address="127.0.0.1")
template(name="line" type="string" string="%pri% %msg%\\n")
action(type="omfwd" target="127.0.0.1" port="${output}" protocol="tcp" template="line")
`);
  const rsyslog = spawn('rsyslogd', ['-n', '-f', 'rsyslog.conf', '-i', `${process.cwd()}/pid`], { stdio: 'ignore' });
  process.on('exit', () => rsyslog.kill('SIGKILL'));
  let sender;
  for (let n = 0; n < 200 && !sender; n++) {
    const attempt = net.connect(input, '127.0.0.1');
    sender = await once(attempt, 'connect').then(() => attempt, () => sleep(50));
  }
  sender.write(`<14>1 2026-01-01T00:00:00Z host receiver - - - ${entry}\n`);
  sender.write('<14>1 2026-01-01T00:00:00Z host receiver - - - the next line\n');
  for (let n = 0; n < 400 && !received.includes('the next line'); n++) await sleep(50);
  const lines = received.split('\n').filter((line) => line.length > 0 && !line.includes('the next line'));
  const isJson = (text) => { try { return JSON.parse(text) !== null; } catch { return false; } };
  const texts = lines.map((line) => line.slice(line.indexOf(' ') + 1));
  console.log(`maxMessageSize ${size === '' ? '8k' : '64k'}: lines ${lines.length}, of which JSON ${texts.filter(isJson).length}; priorities ${lines.map((line) => line.split(' ')[0]).join(' ')}; characters sent ${entry.length}, in the lines ${texts.join('').length}`);
  sender.destroy();
  rsyslog.kill('SIGTERM');
  await once(rsyslog, 'exit');
  server.close();
}
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
maxMessageSize 8k: lines 3, of which JSON 0; priorities 14 13 13; characters sent 20039, in the lines 19017
maxMessageSize 64k: lines 1, of which JSON 1; priorities 14; characters sent 20039, in the lines 20039
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: rsyslog splits a JSON line above 8 kB into several messages, of which none is JSON, and moves part of the text to other fields"
