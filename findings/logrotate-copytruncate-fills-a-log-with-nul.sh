#!/usr/bin/env bash
# What is in the log of a service that was started with "> service.log", after logrotate with copytruncate has rotated it once?
#
# Versions:  logrotate 3.21.0 of Debian 12 (logrotate); the service writes one JSON object a line.
# Guess:     The lines written since, from the start of the file: copytruncate exists for programs that keep their log open.
# Behaviour: As many NUL characters as the log had before, and then the lines. grep finds the line and prints "binary file matches" instead,
#            and JSON.parse throws. The file has its old size again with the next line, so that "size"
#            rotates at every run, and each old file begins with the zeros of all before. With ">>" the log is right.
# Why the guess is wrong: a file opened with ">" has a position of its own. truncate(2) does not move it, and the next write leaves a hole up to it.
#            ">>" (O_APPEND) writes at the end, wherever that is. No program has to be changed, only the redirection.
# Source:    open(2), O_APPEND; logrotate(8), copytruncate, which does not mention it.
# Output seen: the text in `expected` at the end.
set -euo pipefail
for command in logrotate node; do command -v "$command" >/dev/null || { echo "needs $command" >&2; exit 2; }; done
case "$(logrotate --version 2>&1)" in *3.21.0*) ;; *) echo "needs logrotate 3.21.0" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
# The service: what comes from the pipe is what it writes.
serve() {
  mkfifo "$1.pipe"
  if [ "$1" = append ]; then cat "$1.pipe" >>"$1.log" & else cat "$1.pipe" >"$1.log" & fi
  exec 3>"$1.pipe"
}
write() {
  echo "$2" >&3
  for _ in $(seq 200); do
    if grep -aqF "$2" "$1.log"; then return; fi
    sleep 0.02
  done
  echo 'not written' >&2
  exit 1
}
rotate() { logrotate -s "$work/$1.state" "$work/$1.conf"; }
trial() {
  printf '%s {\n  copytruncate\n  size 30\n  rotate 9\n  missingok\n}\n' "$work/$1.log" >"$1.conf"
  chmod 600 "$1.conf"
  serve "$1"
  write "$1" '{"status":"started","version":"1.0.0"}'
  rotate "$1"
  write "$1" '{"status":"lost"}'
  echo "$1: NUL characters $(tr -cd '\0' <"$1.log" | wc -c); grep: $(grep lost "$1.log" 2>&1 | sed 's/^grep: //'); JSON.parse: $(node -e 'try { console.log(JSON.parse(require("node:fs").readFileSync(process.argv[1], "utf8")).status); } catch (error) { console.log(error.name); }' "$1.log")"
  for n in 2 3; do
    rotate "$1"
    if [ "$n" -eq 2 ]; then write "$1" '{"n":2}'; fi
  done
  echo "$1: rotations of three runs with size 30, after lines of 39, 18 and 8 bytes: $(find . -name "$1.log.*" | wc -l)"
  exec 3>&-
  wait
}
{ trial truncate; trial append; } >seen
seen="$(cat seen)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
truncate: NUL characters 39; grep: truncate.log: binary file matches; JSON.parse: SyntaxError
truncate: rotations of three runs with size 30, after lines of 39, 18 and 8 bytes: 3
append: NUL characters 0; grep: {"status":"lost"}; JSON.parse: lost
append: rotations of three runs with size 30, after lines of 39, 18 and 8 bytes: 1
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: copytruncate leaves NUL characters in a log that was opened with >, so that grep and JSON.parse do not find its lines"
