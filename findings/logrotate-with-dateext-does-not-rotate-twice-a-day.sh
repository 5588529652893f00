#!/usr/bin/env bash
# What does logrotate do with a log that reaches its size a second time on one day, if archives are named by date?
#
# Versions:  logrotate 3.21.0 of Debian 12 (logrotate): size 10, rotate 5, dateext.
# Guess:     A second archive, with a number behind the date, or lines added to the first: "size" rotates whenever the log is larger.
# Behaviour: Nothing: "destination … already exists, skipping rotation" in stderr and exit code 1, and so until the next day. The log grows past its size, and postrotate does not run. Other logs of the same
#            run are rotated. Without dateext each run rotates.
# Why the guess is wrong: the name of the archive is made of the date alone, and an archive that exists is never overwritten. A dateformat with the time makes more than one.
# Source:    logrotate(8), dateext and dateformat.
# Output seen: the text in `expected` at the end.
set -euo pipefail
logrotate="$(command -v logrotate || echo /usr/sbin/logrotate)"
[ -x "$logrotate" ] || { echo "needs logrotate" >&2; exit 2; }
case "$("$logrotate" --version 2>&1)" in *3.21.0*) ;; *) echo "needs logrotate 3.21.0" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
trial() {
  mkdir logs
  for name in callbacks other; do printf '%s/logs/%s.log {\n  size 10\n  rotate 5\n  missingok\n%s\n  postrotate\n    echo rotated %s >>%s/rotated\n  endscript\n}\n' "$work" "$name" "$1" "$name" "$work"; done >conf
  chmod 644 conf
  for run in 1 2 3; do
    echo "line $run of callbacks" >>logs/callbacks.log
    [ "$run" -lt 3 ] || echo 'line of the other' >>logs/other.log
    : >rotated
    code=0
    "$logrotate" -s state conf 2>errors || code=$?
    echo "  run $run: exit code $code, $(paste -s -d, rotated | sed 's/,/, /g; s/^$/nothing rotated/')$(grep -c 'skipping rotation' errors | sed 's/^0$//; s/^1$/, skipping rotation/' || true)"
  done
  echo "  left in callbacks.log: $(cat logs/callbacks.log 2>/dev/null | wc -l) lines, archives of it: $(find logs -name 'callbacks.log?*' | wc -l)"
  rm -r logs state
}
seen="$(
echo 'dateext'
trial '  dateext'
echo 'without dateext'
trial '  nodateext'
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
dateext
  run 1: exit code 0, rotated callbacks
  run 2: exit code 1, nothing rotated, skipping rotation
  run 3: exit code 1, rotated other, skipping rotation
  left in callbacks.log: 2 lines, archives of it: 1
without dateext
  run 1: exit code 0, rotated callbacks
  run 2: exit code 0, rotated callbacks
  run 3: exit code 0, rotated callbacks, rotated other
  left in callbacks.log: 0 lines, archives of it: 3
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: logrotate with dateext skips the second rotation of a day, with exit code 1, and the log grows on"
