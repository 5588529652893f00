#!/usr/bin/env bash
# When does undici's request end if its signal aborts while the connection is still being opened?
#
# Versions:  undici 7.30.2.
# Guess:     At once, with the reason of the signal, as fetch does.
# Behaviour: request ends when the connection is open or cannot be opened, here at the time limit for connecting (10 s by default), and
#            sends nothing then. fetch ends at once.
# Why the guess is wrong: request passes the abort on to the connection that carries it, and before that it only remembers the reason.
# Source:    undici, lib/api/api-request.js (the listener of the signal; onConnect).
# Output seen: the text `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts undici@7.30.2
cat >probe.mjs <<'JS'
import { once } from 'node:events';
import { createServer } from 'node:net';
import { Agent, fetch, request } from 'undici';

// Takes connections and is silent in the TLS handshake.
const sockets = new Set();
const server = createServer((socket) => {
  sockets.add(socket);
  socket.on('error', () => {});
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const url = `https://127.0.0.1:${server.address().port}/`;

for (const [name, call] of [['fetch', fetch], ['request', request]]) {
  const dispatcher = new Agent({ connect: { timeout: 4_000 } });
  const controller = new AbortController();
  const reason = new Error('given up');
  const began = performance.now();
  const ended = call(url, { dispatcher, signal: controller.signal }).catch((error) => error);
  setTimeout(() => controller.abort(reason), 200);
  const error = await ended;
  const when = performance.now() - began < 2_000 ? 'at once' : 'at the time limit for connecting';
  console.log(`${name}: ends ${when}, ${error === reason ? 'with the reason of the signal' : `with ${error.code}`}`);
  await dispatcher.destroy();
}
for (const socket of sockets) socket.destroy();
server.close();
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
fetch: ends at once, with the reason of the signal
request: ends at the time limit for connecting, with UND_ERR_CONNECT_TIMEOUT
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: undici's request ends only when the connection is open or has failed, however early its signal aborts"
