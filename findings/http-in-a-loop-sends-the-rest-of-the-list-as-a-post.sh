#!/usr/bin/env bash
# Which requests does HTTPie send in "while read -r id; do http :PORT/status/$id; done <ids", for three ids?
#
# Versions:  HTTPie 3.2.1 of Debian 12 (httpie), node as the server.
# Guess:     GET for each id: a command without data is a GET, as with curl.
# Behaviour: One POST to the first id, whose body is the other ids. The loop ends after it with success. From cron and from CI, where the standard input is no terminal, the same command
#            is a POST with an empty body. --ignore-stdin, or </dev/null with the method written out, sends the GETs; </dev/null alone sends a POST for each id.
# Why the guess is wrong: a standard input that is no terminal is data, and data makes the method POST. It is read to its end. At a prompt, where such a command is tried out,
#            it is a GET.
# Source:    HTTPie, cli/argparser.py (has_stdin_data); http(1), --ignore-stdin.
# Output seen: the text in `expected` at the end.
set -euo pipefail
for command in http node; do command -v "$command" >/dev/null || { echo "needs $command (httpie, nodejs)" >&2; exit 2; }; done
[ "$(http --version)" = 3.2.1 ] || { echo "needs HTTPie 3.2.1" >&2; exit 2; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
# No settings of the user.
export HTTPIE_CONFIG_DIR="$work"
cat >server.mjs <<'JS'
import { createServer } from 'node:http';

const server = createServer(async (request, response) => {
  const body = (await request.toArray()).join('');
  console.log(`  ${request.method} ${request.url}${body === '' ? '' : `, body ${JSON.stringify(body)}`}`);
  response.end();
}).listen(0, '127.0.0.1', () => console.log(server.address().port));
JS
mkfifo out
node server.mjs >out &
server=$!
trap 'kill "$server" && wait "$server" || true; rm -rf "$work"' EXIT
exec 3<out
read -r port <&3
printf '%s\n' 1 2 3 >ids
url="http://127.0.0.1:$port"
# What the server has printed until the request that marks the end.
requests() {
  http --ignore-stdin GET "$url/end" >/dev/null
  while IFS= read -r line <&3 && [ "$line" != '  GET /end' ]; do echo "$line"; done
}
seen="$(
echo 'http URL'
while read -r id; do http "$url/status/$id" >/dev/null; done <ids
requests
echo 'http URL </dev/null'
while read -r id; do http "$url/status/$id" </dev/null >/dev/null; done <ids
requests
echo 'http --ignore-stdin URL'
while read -r id; do http --ignore-stdin "$url/status/$id" >/dev/null; done <ids
requests
echo 'http GET URL </dev/null'
while read -r id; do http GET "$url/status/$id" </dev/null >/dev/null; done <ids
requests
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
http URL
  POST /status/1, body "2\n3\n"
http URL </dev/null
  POST /status/1
  POST /status/2
  POST /status/3
http --ignore-stdin URL
  GET /status/1
  GET /status/2
  GET /status/3
http GET URL </dev/null
  GET /status/1
  GET /status/2
  GET /status/3
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: HTTPie in a loop that reads a list sends one POST with the rest of the list, unless it is called with --ignore-stdin"
