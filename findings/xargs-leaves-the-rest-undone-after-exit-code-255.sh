#!/usr/bin/env bash
# Which webhooks does xargs send, when the program for the second of five ends with process.exit(-1), or ssh with it cannot connect?
#
# Versions:  xargs of findutils 4.9.0 of Debian 12 (findutils); node as the program, and sh for the exit codes.
# Guess:     All five: xargs goes on after a failure and ends with 123, as it does after exit code 1.
# Behaviour: The first two: the others are never run, and the exit code is 124. process.exit(-1) of Node is 255, and so is the exit code of an ssh that
#            cannot connect.
# Why the guess is wrong: 255 is a message to xargs: "stop at once". Every other code, also 254, is a failure of one command.
# Source:    xargs(1), EXIT STATUS ("124 if the command exited with status 255") and DESCRIPTION; POSIX, xargs.
# Output seen: the text in `expected` at the end.
set -euo pipefail
for command in xargs node; do command -v "$command" >/dev/null || { echo "needs $command" >&2; exit 2; }; done
case "$(xargs --version)" in *' 4.9.0'*) ;; *) echo "needs findutils 4.9.0" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >send.mjs <<'JS'
import { appendFileSync } from 'node:fs';

const [order, code] = process.argv.slice(2).reverse();
appendFileSync('sent', `${order}\n`);
if (order === 'order-2') process.exit(Number(code));
JS
trial() {
  rm -f sent
  code=0
  printf 'order-%s\n' 1 2 3 4 5 | xargs -n 1 node send.mjs "$1" >/dev/null 2>&1 || code=$?
  echo "process.exit($1), xargs: exit code $code, sent: $(sort sent | paste -sd ' ')"
}
seen="$(
for exit in 1 254 -1; do trial "$exit"; done
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
process.exit(1), xargs: exit code 123, sent: order-1 order-2 order-3 order-4 order-5
process.exit(254), xargs: exit code 123, sent: order-1 order-2 order-3 order-4 order-5
process.exit(-1), xargs: exit code 124, sent: order-1 order-2
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: xargs runs no further command after one that ends with 255, such as a Node program with process.exit(-1)"
