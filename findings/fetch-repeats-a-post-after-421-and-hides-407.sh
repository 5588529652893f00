#!/usr/bin/env bash
# What does undici's fetch return for a POST to which the server responds 421, and for one to which it responds 407?
#
# Versions:  undici 7.30.2, the package behind Node's own fetch.
# Guess:     fetch returns each response as it is, and sends a POST once: only a redirect causes a second request.
# Behaviour: After 421 fetch sends the POST a second time on its own and returns the second response. A 407 becomes a network
#            error ("fetch failed") whose cause has an empty message; status and header fields are lost.
# Why the guess is wrong: the Fetch standard says so (HTTP-network-or-cache fetch, steps for 407 and 421). For 407 it was written
#            for browsers, which ask the user for credentials.
# Source:    Fetch standard, section "HTTP-network-or-cache fetch"; RFC 9110, sections 15.5.8 and 15.5.20.
# Output seen: the text `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts undici@7.30.2
cat >probe.mjs <<'JS'
import { once } from 'node:events';
import http from 'node:http';
import { fetch } from 'undici';

for (const status of [421, 407, 404]) {
  let requests = 0;
  const server = http.createServer((request, response) => {
    requests += 1;
    request.resume().on('end', () => response.writeHead(status).end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const outcome = await fetch(`http://127.0.0.1:${server.address().port}/`, { method: 'POST', body: '{}' }).then(
    (response) => `response ${response.status}`,
    (error) => `error "${error.message}", cause "${error.cause?.message}"`,
  );
  console.log(`${status}: ${requests} requests, ${outcome}`);
  server.close();
  server.closeAllConnections();
}
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
421: 2 requests, response 421
407: 1 requests, error "fetch failed", cause ""
404: 1 requests, response 404
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: fetch sends a POST twice when the server responds 421, and turns a 407 into a network error without a message"
