#!/usr/bin/env bash
# How often does wget with its defaults send a POST whose connection ends without a response?
#
# Versions:  wget 1.21.3 of Debian 12 (wget): --post-data; node as the server, which counts a request when it has read it whole.
# Guess:     Once: a POST may have been carried out. Its repetitions are for downloads.
# Behaviour: Twenty times (--tries=20 is the default), with pauses of up to ten seconds; the script uses --waitretry=0. So does a response that is cut off. A POST that gets 503 is sent once.
#            --tries=1 makes it one.
# Why the guess is wrong: the loop that repeats looks at the kind of the failure, not at the method; "No data received" is one that it repeats.
# Source:    wget(1), --tries, --waitretry; src/http.c, http_loop (HEOF, HERR).
# Output seen: the text in `expected` at the end.
set -euo pipefail
for command in wget node; do command -v "$command" >/dev/null || { echo "needs $command" >&2; exit 2; }; done
case "$(wget --version)" in 'GNU Wget 1.21.3 '*) ;; *) echo "needs wget 1.21.3" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >probe.mjs <<'JS'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';

let received = 0;
const server = http.createServer((request, response) => {
  request.resume().on('end', () => {
    received += 1;
    if (request.url === '/lost') request.socket.destroy();
    else if (request.url === '/cut') {
      response.writeHead(200, { 'Content-Length': 100 });
      response.write('{"status":', () => response.socket.end());
    } else response.writeHead(503).end();
  });
}).listen(0, '127.0.0.1');
await once(server, 'listening');
for (const [path, ...options] of [['/lost'], ['/cut'], ['/503'], ['/lost', '--tries=1']]) {
  received = 0;
  const wget = spawn('wget', ['-q', '-O', 'body', '--waitretry=0', ...options, '--post-data', 'charge', `http://127.0.0.1:${server.address().port}${path}`], { stdio: 'ignore' });
  const [code] = await once(wget, 'exit');
  console.log(`POST ${[path, ...options].join(' ')}: received ${received} times, exit code ${code}`);
}
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
POST /lost: received 20 times, exit code 4
POST /cut: received 20 times, exit code 4
POST /503: received 1 times, exit code 8
POST /lost --tries=1: received 1 times, exit code 4
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: wget sends a POST twenty times if the connection ends before the response or within it"
