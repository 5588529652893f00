#!/usr/bin/env bash
# What is left of a queue in a file after "jq … queue | sponge queue", if jq stops at a line in the middle?
#
# Versions:  sponge of moreutils 0.67 and jq 1.6 of Debian 12 (moreutils, jq).
# Guess:     The file as it was: sponge exists so that a file can be filtered in place safely; it writes when all of the input is there, and with pipefail the failure is seen.
# Behaviour: The lines up to the one that failed: the rest of the queue is deleted. If jq fails at once, or is not installed, the file is empty. pipefail makes the pipeline fail,
#            and only after the file was replaced. "jq … queue >new && mv new queue" leaves the file alone.
# Why the guess is wrong: sponge sees the end of its input, not the exit code of the program before it: a filter that failed has ended as well.
# Source:    sponge(1), moreutils ("soak up standard input and write to a file").
# Output seen: the text in `expected` at the end.
set -euo pipefail
for command in sponge jq; do command -v "$command" >/dev/null || { echo "needs $command" >&2; exit 2; }; done
[ "$(dpkg-query -W -f '${Version}' moreutils)" = 0.67-1 ] || { echo "needs moreutils 0.67" >&2; exit 2; }
[ "$(jq --version)" = jq-1.6 ] || { echo "needs jq 1.6" >&2; exit 2; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
trial() {
  # The second line was cut off when its writer was killed.
  printf '%s\n' '{"id":1}' '{"id":2' '{"id":3}' '{"id":4}' >queue
  code=0
  "${@:2}" 2>/dev/null || code=$?
  echo "$1: $([ "$code" -eq 0 ] && echo succeeds || echo fails), lines left $(wc -l <queue), ids $(sed -n 's|.*"id":\([0-9]*\).*|\1|p' queue | paste -sd ' ' | grep . || echo none)"
}
with_sponge() { "$1" -c . queue | sponge queue; }
with_move() { jq -c . queue >new && mv new queue; }
seen="$(
trial 'jq | sponge' with_sponge jq
trial 'absent program | sponge' with_sponge ./absent
trial 'jq >new && mv new queue' with_move
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
jq | sponge: fails, lines left 1, ids 1
absent program | sponge: fails, lines left 0, ids none
jq >new && mv new queue: fails, lines left 4, ids 1 2 3 4
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: sponge replaces the file by what a failed filter has written so far, or by nothing"
