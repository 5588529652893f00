#!/usr/bin/env bash
# What does "wait-for-it -t 1 127.0.0.1:PORT -- migrate" do if nothing listens there after that second?
#
# Versions:  wait-for-it 0.0~git20180723 of Debian 12 (wait-for-it).
# Guess:     It fails with a message and does not run the command: that is what it waits for.
# Behaviour: It prints "timeout occurred" and runs the command all the same. The exit code is the command's: 0. Without a command the exit code is 124, and with -s, in any
#            place before "--", the command does not run.
# Why the guess is wrong: the timeout limits the wait, and what follows is unconditional unless --strict is given. A migration or a worker starts against
#            a database that is not there, or against what came up half a second later.
# Source:    wait-for-it --help, --strict ("Only execute subcommand if the test succeeds"); the script, its last lines.
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v wait-for-it >/dev/null || { echo "needs wait-for-it" >&2; exit 2; }
dpkg-query -W -f '${Version}' wait-for-it | grep -q '^0.0~git20180723-' || { echo "needs wait-for-it 0.0~git20180723" >&2; exit 2; }
trial() {
  code=0
  # Nothing listens on port 1.
  output="$(wait-for-it "$@" 2>/dev/null)" || code=$?
  echo "wait-for-it $*: exit code $code, ${output:-nothing run}"
}
seen="$(
trial -t 1 127.0.0.1:1
trial -t 1 127.0.0.1:1 -- echo 'migrated'
trial -t 1 127.0.0.1:1 -- sh -c 'echo failed; exit 3'
trial -t 1 -s 127.0.0.1:1 -- echo 'migrated'
trial -t 1 127.0.0.1:1 -s -- echo 'migrated'
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
wait-for-it -t 1 127.0.0.1:1: exit code 124, nothing run
wait-for-it -t 1 127.0.0.1:1 -- echo migrated: exit code 0, migrated
wait-for-it -t 1 127.0.0.1:1 -- sh -c echo failed; exit 3: exit code 3, failed
wait-for-it -t 1 -s 127.0.0.1:1 -- echo migrated: exit code 124, nothing run
wait-for-it -t 1 127.0.0.1:1 -s -- echo migrated: exit code 124, nothing run
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: wait-for-it runs its command after the timeout, unless it is called with -s"
