#!/usr/bin/env bash
# Which lines does "tail -F service.log | shipper" pass on, when the log is renamed and the service writes to the old file a little longer?
#
# Versions:  tail of coreutils 9.1 of Debian 12 (coreutils).
# Guess:     All: -F follows the name across a rotation, and reads the old file to its end before it goes on to the new one. This is what it is for.
# Behaviour: Neither line that the service writes to the old file after the rename: not the one before the new file exists, and not the one after. They
#            are in service.log.1, and no message tells of them.
# Why the guess is wrong: tail leaves the old file when the name has another one, and a service that keeps its log open until it gets a signal writes
#            there in between. logrotate's delaycompress exists for these lines; nobody reads them.
# Source:    coreutils, src/tail.c, recheck; logrotate(8), delaycompress.
# Output seen: the text in `expected` at the end.
set -euo pipefail
case "$(tail --version)" in 'tail (GNU coreutils) 9.1'*) ;; *) echo "needs tail of coreutils 9.1" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
until_has() {
  for _ in $(seq 200); do
    if grep -q "$2" "$1"; then return; fi
    sleep 0.05
  done
  echo "$1 does not have: $2" >&2
  exit 1
}
exec 3>>service.log
tail -n +1 -F service.log >shipped 2>noticed &
shipper=$!
trap 'kill "$shipper" 2>/dev/null || true; rm -rf "$work"' EXIT
echo line-1 >&3
until_has shipped line-1
# What logrotate does: rename, create, signal. The service writes line-2 and line-3 before it has seen the signal.
mv service.log service.log.1
until_has noticed 'has become inaccessible'
echo line-2 >&3
: >service.log
until_has noticed 'following new file'
echo line-3 >&3
exec 3>>service.log
echo line-4 >&3
until_has shipped line-4
sleep 2
seen="$(
echo "in the old file: $(paste -sd ' ' service.log.1); in the new one: $(paste -sd ' ' service.log)"
echo "passed on: $(paste -sd ' ' shipped)"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
in the old file: line-1 line-2 line-3; in the new one: line-4
passed on: line-1 line-4
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: tail -F does not pass on what a service writes to its old log after the rename"
