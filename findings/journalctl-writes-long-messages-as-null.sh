#!/usr/bin/env bash
# Which types has MESSAGE in the lines of "journalctl -o json"?
#
# Versions:  systemd 252 of Debian 12 (systemd, systemd-journal-remote, which makes the journal of the script).
# Guess:     A text, as long as the message is.
# Behaviour: Four: a text; null, if the field has 4,096 bytes or more with its name, so that a long JSON line of a service is not in its export at
#            all; a list of numbers, if it has a colour or another control character; a list of texts, if the field occurs twice. The exit code
#            is 0, and nothing tells of it. With --all the long one is complete; the two lists stay.
# Why the guess is wrong: the format writes null for long fields unless --all is given, which sounds like an option for unprintable characters. Fields
#            that are not printable are binary to it.
# Source:    "Journal JSON Format" (systemd documentation, JOURNAL_EXPORT_FORMATS); journalctl(1), -o json, --all.
# Output seen: the text in `expected` at the end.
set -euo pipefail
remote=/lib/systemd/systemd-journal-remote
for command in journalctl node "$remote"; do command -v "$command" >/dev/null || { echo "needs $command" >&2; exit 2; }; done
case "$(journalctl --version)" in 'systemd 252 '*) ;; *) echo "needs systemd 252" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >make.mjs <<'JS'
const entries = [
  ['a short line', '{"id":1}'],
  ['4,095 bytes with its name', 'x'.repeat(4095 - 'MESSAGE='.length)],
  ['one byte more', 'x'.repeat(4096 - 'MESSAGE='.length)],
  ['10,000 bytes', 'x'.repeat(10_000)],
  ['a colour', '\u001b[31mfailed\u001b[0m'],
  ['a tab', 'one\ttwo'],
  ['twice', 'one', 'two'],
];
let number = 0;
for (const [name, ...messages] of entries) {
  number += 1;
  const time = 1_767_225_600_000_000 + number;
  process.stdout.write(`__REALTIME_TIMESTAMP=${time}\n__MONOTONIC_TIMESTAMP=${number}\n_BOOT_ID=00000000000000000000000000000001\nNAME=${name}\n${messages.map((message) => `MESSAGE=${message}\n`).join('')}\n`);
}
JS
cat >show.mjs <<'JS'
import { readFileSync } from 'node:fs';

const type = (value) => {
  if (typeof value === 'string') return `a text of ${value.length}`;
  if (Array.isArray(value)) return `a list of ${value.length} ${typeof value[0]}s`;
  return String(value);
};
const [normal, all] = ['normal', 'all'].map((name) => readFileSync(name, 'utf8').trim().split('\n').map((line) => JSON.parse(line)));
for (const [index, entry] of normal.entries()) console.log(`${entry.NAME}: ${type(entry.MESSAGE)}; with --all ${type(all[index].MESSAGE)}`);
JS
node make.mjs | "$remote" -o "$work/made.journal" - >/dev/null 2>&1
journalctl --file made.journal -o json >normal
journalctl --file made.journal -o json --all >all
seen="$(node show.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
a short line: a text of 8; with --all a text of 8
4,095 bytes with its name: a text of 4087; with --all a text of 4087
one byte more: null; with --all a text of 4088
10,000 bytes: null; with --all a text of 10000
a colour: a list of 15 numbers; with --all a list of 15 numbers
a tab: a text of 7; with --all a text of 7
twice: a list of 2 strings; with --all a list of 2 strings
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: journalctl -o json writes null for a message of 4,088 bytes or more, a list of bytes for one with a control character, and a list of texts for a repeated field"
