#!/usr/bin/env bash
# What arrives of a JSON line of 2,000 bytes that a script writes with logger?
#
# Versions:  logger of util-linux 2.38.1 and socat 1.7.4.4 of Debian 12 (bsdutils, socat); socat is in the place of the journal or of rsyslog.
# Guess:     The line: the socket takes datagrams of many kilobytes, and the limits that matter are those of the receiver.
# Behaviour: The first 1,024 bytes of an argument, with exit code 0 and no message. Of a line from standard input the rest arrives as a message of its
#            own. Neither is JSON. With --size 64k both are whole.
# Why the guess is wrong: logger has a limit of its own, of the time of RFC 3164, whatever the receiver takes.
# Source:    logger(1), --size ("The default is 1KiB characters, which is the limit traditionally used and specified in RFC 3164").
# Output seen: the text in `expected` at the end.
set -euo pipefail
for command in logger socat node; do command -v "$command" >/dev/null || { echo "needs $command" >&2; exit 2; }; done
case "$(logger --version)" in *2.38.1*) ;; *) echo "needs util-linux 2.38.1" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
node -e 'process.stdout.write(JSON.stringify({ id: 1, note: "x".repeat(2000 - 18) }))' >line
trial() {
  rm -f socket got
  # A zero byte behind each datagram.
  socat -u UNIX-RECV:socket,null-eof SYSTEM:'cat >got' 2>/dev/null &
  receiver=$!
  for _ in $(seq 200); do
    if [ -S socket ]; then break; fi
    sleep 0.02
  done
  code=0
  if [ "$1" = argument ]; then logger "${@:2}" -u "$work/socket" "$(cat line)" || code=$?; else logger "${@:2}" -u "$work/socket" <line || code=$?; fi
  for _ in $(seq 100); do
    if [ -s got ]; then break; fi
    sleep 0.02
  done
  sleep 0.3
  kill "$receiver" 2>/dev/null || true
  wait "$receiver" 2>/dev/null || true
  echo "$1 ${*:2}: exit code $code; $(node -e '
    const messages = require("node:fs").readFileSync("got", "utf8").split(/<\d+>\w+ +\d+ [\d:]+ \w+: /).slice(1);
    const isJson = (text) => { try { JSON.parse(text); return true; } catch { return false; } };
    console.log(messages.map((text) => `${text.length} bytes, ${isJson(text) ? "JSON" : "no JSON"}`).join("; "));
  ')"
}
{ trial argument; trial stdin; trial argument --size 64k; trial stdin --size 64k; } >seen
seen="$(cat seen)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
argument : exit code 0; 1024 bytes, no JSON
stdin : exit code 0; 1024 bytes, no JSON; 976 bytes, no JSON
argument --size 64k: exit code 0; 2000 bytes, JSON
stdin --size 64k: exit code 0; 2000 bytes, JSON
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: logger cuts an argument after 1,024 bytes and divides a line from standard input, without a message, unless --size is larger"
