#!/usr/bin/env bash
# How many failed requests does ab report of nine responses with 500, and of nine with 200 whose ids have one, two and three digits?
#
# Versions:  ab (ApacheBench) 2.3 of Debian 12 (apache2-utils), node as the server.
# Guess:     Nine and none.
# Behaviour: None and six. The errors are "Complete requests" with a line "Non-2xx responses" of their own; the good responses are failures because their length is not that of the first one. The exit code
#            is 0 in both cases. With -l the length may differ, and errors are still complete. A limit that refuses most requests looks like a fast server.
# Why the guess is wrong: ab was made for a static page, whose length is the proof that it was the page. The status is counted and judges nothing.
# Source:    Apache HTTP Server documentation, ab, -l and Output ("Complete requests", "Failed requests", "Non-2xx responses").
# Output seen: the text in `expected` at the end.
set -euo pipefail
for command in ab node; do command -v "$command" >/dev/null || { echo "needs $command (apache2-utils, nodejs)" >&2; exit 2; }; done
case "$(ab -V)" in *'Version 2.3 '*) ;; *) echo "needs ab 2.3" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >server.mjs <<'JS'
import { createServer } from 'node:http';

let n = 0;
const server = createServer((request, response) => {
  if (request.url === '/broken') response.writeHead(500).end('broken');
  else response.end(JSON.stringify({ id: 10 ** (n++ % 3) }));
}).listen(0, '127.0.0.1', () => console.log(server.address().port));
JS
mkfifo port
node server.mjs >port &
server=$!
trap 'kill "$server" && wait "$server" || true; rm -rf "$work"' EXIT
read -r port <port
trial() {
  code=0
  ab -q -n 9 -c 1 "${@:2}" "http://127.0.0.1:$port$1" >report 2>&1 || code=$?
  echo "ab ${*:2} $1: $(sed -n 's/^\(Complete requests\|Failed requests\|Non-2xx responses\): */\1 /p' report | paste -s -d, | sed 's/,/, /g'), exit code $code"
}
seen="$(
trial /broken
trial /executions
trial /executions -l
trial /broken -l
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
ab  /broken: Complete requests 9, Failed requests 0, Non-2xx responses 9, exit code 0
ab  /executions: Complete requests 9, Failed requests 6, exit code 0
ab -l /executions: Complete requests 9, Failed requests 0, exit code 0
ab -l /broken: Complete requests 9, Failed requests 0, Non-2xx responses 9, exit code 0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: ab counts responses with 500 as complete, and good ones of another length than the first as failed"
