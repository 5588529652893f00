#!/usr/bin/env bash
# What is in a file of "curl --retry 3 --retry-all-errors URL >file", when the first attempt broke off?
#
# Versions:  curl 7.88.1 of Debian 12 (curl); node as the server of an export with one JSON object a line.
# Guess:     The body of the attempt that succeeded: curl reports success, and a retry starts from the beginning.
# Behaviour: What the first attempt had sent, and behind it the whole body, with exit code 0: rows are there twice, and a line cut in two is joined with the
#            first line of the next attempt, so that it is no JSON. A 503 before adds its error page. With -o the file is right, with a pipe it is not.
# Why the guess is wrong: curl cannot take back what it has written to standard output; with -o it truncates its file. --fail leaves
#            out the error page only.
# Source:    curl(1), --retry-all-errors ("do not use with redirected input or output … you may receive duplicate data"); src/tool_operate.c.
# Output seen: the text in `expected` at the end.
set -euo pipefail
for command in curl node; do command -v "$command" >/dev/null || { echo "needs $command" >&2; exit 2; }; done
case "$(curl --version)" in 'curl 7.88.1 '*) ;; *) echo "needs curl 7.88.1" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >probe.mjs <<'JS'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import http from 'node:http';

const ROWS = [1, 2, 3, 4].map((id) => `{"id":${id}}\n`);
const BODY = ROWS.join('');
let number = 0;
const server = http.createServer((request, response) => {
  number += 1;
  if (number > 1) response.end(BODY);
  else if (request.url === '/busy') response.writeHead(503).end('busy\n');
  else {
    response.writeHead(200, { 'Content-Length': BODY.length });
    response.write(BODY.slice(0, 23), () => response.socket.end());
  }
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const isJson = (line) => {
  try {
    return JSON.parse(line) !== undefined;
  } catch {
    return false;
  }
};
for (const [path, output, ...options] of [['/cut', '>file'], ['/cut', '-o file'], ['/busy', '>file'], ['/busy', '>file', '--fail']]) {
  number = 0;
  const name = `${path.slice(1)}${output.length}${options.length}`;
  const args = ['-sS', '--retry', '3', '--retry-delay', '1', '--retry-all-errors', ...options, `http://127.0.0.1:${server.address().port}${path}`];
  const curl = output === '>file'
    ? spawn('curl', args, { stdio: ['ignore', openSync(name, 'w'), 'ignore'] })
    : spawn('curl', [...args, '-o', name], { stdio: 'ignore' });
  const [code] = await once(curl, 'exit');
  const lines = readFileSync(name, 'utf8').trim().split('\n');
  const ids = lines.filter(isJson).map((line) => JSON.parse(line).id);
  console.log(`${[path, ...options, output].join(' ')}: ${number} attempts, exit code ${code}; ids ${ids.join(' ')}; no JSON: ${lines.filter((line) => !isJson(line)).join(' ') || 'none'}`);
}
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
/cut >file: 2 attempts, exit code 0; ids 1 2 2 3 4; no JSON: {"id"{"id":1}
/cut -o file: 2 attempts, exit code 0; ids 1 2 3 4; no JSON: none
/busy >file: 2 attempts, exit code 0; ids 1 2 3 4; no JSON: busy
/busy --fail >file: 2 attempts, exit code 0; ids 1 2 3 4; no JSON: none
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: curl with --retry-all-errors and a redirected output exits with 0 and leaves the rows of every attempt in the file"
