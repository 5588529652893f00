#!/usr/bin/env bash
# How much of an export does "tee export.ndjson" write, if the next program of the pipeline needs its first lines only?
#
# Versions:  coreutils 9.1, grep 3.8, jq 1.6 of Debian 12 (coreutils, grep, jq).
# Guess:     All of it: tee is there to write the file, whatever becomes of its output.
# Behaviour: The part up to the place where the next program ended: tee is ended with it. The exit code of the pipeline is the one of the last program, 0 (without pipefail). So it is
#            with head -1, grep -q, and jq -n 'input'. With tee -p the file is whole.
# Why the guess is wrong: tee writes to all outputs in turn, and the signal of a closed pipe (SIGPIPE) ends a program by default. -p (--output-error=warn-nopipe) makes tee go on.
# Source:    GNU coreutils manual, "tee invocation", --output-error ("Writing is continued to still open files/pipes"), and: "if any of the process substitutions (or piped standard output) might exit early without
#            consuming all the data, the -p option is needed to allow tee to continue to process the input to any remaining outputs".
# Output seen: the text in `expected` at the end.
set -euo pipefail
case "$(tee --version | head -1)" in 'tee (GNU coreutils) 9.1') ;; *) echo "needs tee of coreutils 9.1" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
# A million lines, which no buffer of a pipe holds.
seq -f '{"executionId":"%.0f"}' 1 1000000 >all
lines() { n="$(wc -l <export)"; if [ "$n" -eq 1000000 ]; then echo 'all lines'; elif [ "$n" -lt 500000 ]; then echo 'less than half of the lines'; else echo "$n lines"; fi; }
set +o pipefail
seen="$(
for options in '' -p; do
  code=0; cat all | tee $options export | head -1 >/dev/null || code=$?
  echo "tee $options | head -1: $(lines), exit code $code"
  code=0; cat all | tee $options export | grep -q '"7"' || code=$?
  echo "tee $options | grep -q: $(lines), exit code $code"
  code=0; cat all | tee $options export | jq -n input >/dev/null || code=$?
  echo "tee $options | jq -n input: $(lines), exit code $code"
done
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
tee  | head -1: less than half of the lines, exit code 0
tee  | grep -q: less than half of the lines, exit code 0
tee  | jq -n input: less than half of the lines, exit code 0
tee -p | head -1: all lines, exit code 0
tee -p | grep -q: all lines, exit code 0
tee -p | jq -n input: all lines, exit code 0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: tee stops writing its file when the program behind it has read enough, with the exit code 0 of that program"
