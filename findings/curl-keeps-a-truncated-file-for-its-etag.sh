#!/usr/bin/env bash
# What has curl after a download with --etag-save that broke off, when the same command runs again?
#
# Versions:  curl 7.88.1 of Debian 12 (curl): --etag-save and --etag-compare with one file, as its documentation shows; node as the server.
# Guess:     The whole file: the first run failed with 18, so its ETag was not saved, and the second run fetches again.
# Behaviour: The half file, for good: the ETag was saved with the headers. Every later run sends it, gets 304, leaves the file alone and exits with 0. So
#            does a first run that got 404 with an ETag: its error page is what stays, or with --fail no file at all.
# Why the guess is wrong: the option writes a header when that header arrives, whatever the status is, and knows nothing of the transfer.
# Source:    curl(1), --etag-save, --etag-compare; src/tool_cb_hdr.c, tool_header_cb.
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
import { existsSync, readFileSync } from 'node:fs';
import http from 'node:http';

const BODY = '{"id":1}\n{"id":2}\n{"id":3}\n{"id":4}\n';
let number = 0;
const seen = [];
const server = http.createServer((request, response) => {
  seen.push(request.headers['if-none-match']);
  number += 1;
  response.setHeader('ETag', '"v1"');
  if (request.headers['if-none-match'] === '"v1"') response.writeHead(304).end();
  else if (number > 1) response.end(BODY);
  else if (request.url === '/missing') response.writeHead(404).end('not yet\n');
  else {
    response.writeHead(200, { 'Content-Length': BODY.length });
    response.write(BODY.slice(0, 18), () => response.socket.end());
  }
}).listen(0, '127.0.0.1');
await once(server, 'listening');
for (const [path, ...options] of [['/broken'], ['/missing'], ['/missing', '--fail']]) {
  number = 0;
  const name = `${path.slice(1)}${options.length}`;
  for (const run of [1, 2, 3]) {
    seen.length = 0;
    const etag = `${name}.etag`;
    const curl = spawn('curl', ['-sS', ...options, '--etag-compare', etag, '--etag-save', etag, '-o', name, `http://127.0.0.1:${server.address().port}${path}`], { stdio: 'ignore' });
    const [code] = await once(curl, 'exit');
    const exists = existsSync(name);
    const lines = exists ? readFileSync(name, 'utf8').trim().split('\n').length : 0;
    const text = exists && readFileSync(name, 'utf8').startsWith('not yet') ? 'has the error page' : exists ? `has ${lines} of 4 lines` : 'does not exist';
    console.log(`${[path, ...options].join(' ')}, run ${run}: If-None-Match: ${seen.join(' ')}, exit code ${code}, the file ${text}`);
  }
}
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
/broken, run 1: If-None-Match: "", exit code 18, the file has 2 of 4 lines
/broken, run 2: If-None-Match: "v1", exit code 0, the file has 2 of 4 lines
/broken, run 3: If-None-Match: "v1", exit code 0, the file has 2 of 4 lines
/missing, run 1: If-None-Match: "", exit code 0, the file has the error page
/missing, run 2: If-None-Match: "v1", exit code 0, the file has the error page
/missing, run 3: If-None-Match: "v1", exit code 0, the file has the error page
/missing --fail, run 1: If-None-Match: "", exit code 22, the file does not exist
/missing --fail, run 2: If-None-Match: "v1", exit code 0, the file does not exist
/missing --fail, run 3: If-None-Match: "v1", exit code 0, the file does not exist
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: curl saves the ETag of a download that breaks off, so that every later run gets 304, exits with 0 and keeps half the file"
