#!/usr/bin/env bash
# Which webhooks does GNU parallel send with --joblog --resume, when a line was added to the list since the break?
#
# Versions:  GNU parallel 20221122 of Debian 12 (parallel).
# Guess:     Those that the job log does not have: it records each command line, so that what was sent is not sent again, and the new one is.
# Behaviour: It skips as many lines as it has done, whichever they are: with a new line in front, the new one is never sent and the last one of before is
#            sent twice, with exit code 0. --resume-failed runs the line that now has the number of the failed one: order-1, which had succeeded, is
#            sent again, and order-2, which had failed, is not.
# Why the guess is wrong: the log is compared by the sequence number (Seq) alone. The commands in it are for people.
# Source:    parallel(1), --resume ("only looks at the sequence numbers"), --resume-failed, --joblog.
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v parallel >/dev/null || { echo "needs parallel" >&2; exit 2; }
case "$(parallel --version 2>/dev/null)" in 'GNU parallel 20221122'*) ;; *) echo "needs GNU parallel 20221122" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
export HOME="$work" PARALLEL_HOME="$work"
cd "$work"
touch will-cite
cat >send.sh <<'SH'
echo "$1" >>sent
[ ! -e "fails-$1" ]
SH
run() {
  code=0
  parallel -j 1 --joblog log "${@}" bash send.sh {} <list 2>/dev/null || code=$?
  echo "parallel ${*:-with a new log}: exit code $code, sent so far: $(paste -sd ' ' sent)"
}
seen="$(
printf '%s\n' order-1 order-2 >list
run
echo 'order-0 is added in front, order-3 at the end:'
printf '%s\n' order-0 order-1 order-2 order-3 >list
run --resume
rm -f log sent
printf '%s\n' order-1 order-2 order-3 >list
touch fails-order-2
run
rm fails-order-2
echo 'order-0 is added in front; order-2 would succeed now:'
printf '%s\n' order-0 order-1 order-2 order-3 >list
run --resume-failed
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
parallel with a new log: exit code 0, sent so far: order-1 order-2
order-0 is added in front, order-3 at the end:
parallel --resume: exit code 0, sent so far: order-1 order-2 order-2 order-3
parallel with a new log: exit code 1, sent so far: order-1 order-2 order-3
order-0 is added in front; order-2 would succeed now:
parallel --resume-failed: exit code 0, sent so far: order-1 order-2 order-3 order-1 order-3
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: GNU parallel resumes by the number of the line: after an insertion it sends one job twice and another never"
