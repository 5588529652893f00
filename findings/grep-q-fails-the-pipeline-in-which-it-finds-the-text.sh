#!/usr/bin/env bash
# Which exit code has "producer | grep -q text" with "set -o pipefail", when the text is there?
#
# Versions:  grep 3.8 and bash 5.2 of Debian 12 (grep, bash).
# Guess:     0: grep has found it.
# Behaviour: 0 if the text is at the end, or if the output is small; 141 if the text comes early in a large output, as in the log of a dump or in a list of
#            metrics. A check that was right for years fails when the output grows, and one that is negated ("! … | grep -q error") passes
#            although the error is there. Without -q, and with
#            the output thrown away, grep reads to the end, and the code is 0.
# Why the guess is wrong: grep -q ends at the first match. The producer then writes to a closed pipe and is killed by SIGPIPE, 128 + 13, and
#            pipefail takes its code.
# Source:    grep(1), -q ("exit immediately with zero status if any match is found"); bash(1), pipefail; POSIX, SIGPIPE.
# Output seen: the text in `expected` at the end.
set -euo pipefail
case "$(grep --version)" in *' 3.8'*) ;; *) echo "needs grep 3.8" >&2; exit 2 ;; esac
# Lines of an export, of which one is the error.
produce() { seq 1 "$2" | sed "$1s/.*/error/"; }
trial() {
  for filter in 'grep -q error' 'grep error >/dev/null' 'grep -c error >/dev/null'; do
    code=0
    eval "produce $1 $2 | $filter" || code=$?
    echo "line $1 of $2, $filter: exit code $code"
  done
}
seen="$(
trial 5 10
trial 5 1000000
trial 1000000 1000000
if ! produce 5 1000000 | grep -q error; then echo 'if ! … | grep -q error: says that there is no error'; fi
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
line 5 of 10, grep -q error: exit code 0
line 5 of 10, grep error >/dev/null: exit code 0
line 5 of 10, grep -c error >/dev/null: exit code 0
line 5 of 1000000, grep -q error: exit code 141
line 5 of 1000000, grep error >/dev/null: exit code 0
line 5 of 1000000, grep -c error >/dev/null: exit code 0
line 1000000 of 1000000, grep -q error: exit code 0
line 1000000 of 1000000, grep error >/dev/null: exit code 0
line 1000000 of 1000000, grep -c error >/dev/null: exit code 0
if ! … | grep -q error: says that there is no error
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: with pipefail, grep -q makes a pipeline fail with 141 when it finds its text early in a large output"
