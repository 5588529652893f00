#!/usr/bin/env bash
# How long does a lock in Deno KV with expireIn: 1000 block another process?
#
# Versions:  deno 2.9.6 (Deno.openKv, --unstable-kv, its SQLite store).
# Guess:     A second, or a little more: get() does not return an expired key, as in Redis, even if it is deleted later.
# Behaviour: Up to a minute: get() returns the key and its value, and atomic().check({ versionstamp: null }) fails,
#            until a sweep that runs once a minute has deleted it. A rate limit or a cache of ten seconds works in
#            minutes as well.
# Why the guess is wrong: expireIn is the earliest time of deletion, and reads do not compare it with the clock. The
#            exact time needs an expiry in the value, which the reader compares.
# Source:    Deno documentation, Deno.Kv.set, expireIn ("the key may still be visible for some additional time");
#            denoland/denokv sqlite backend (expiry watcher).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @deno/linux-x64-glibc@2.9.6
cat >probe.mjs <<'JS'
const kv = await Deno.openKv(':memory:');
const key = ['lock', 'sweeper'];
const acquire = async (owner) => {
  const { ok } = await kv.atomic().check({ key, versionstamp: null }).set(key, owner, { expireIn: 1000 }).commit();
  return ok;
};
// The sweep runs once a minute from the start on.
console.log(`the first one acquires the lock: ${await acquire('first')}`);
await new Promise((resolve) => setTimeout(resolve, 10_000));
console.log(`after ten seconds the owner is: ${(await kv.get(key)).value}`);
console.log(`after ten seconds the second one acquires it: ${await acquire('second')}`);
let acquired = false;
for (let second = 0; second < 110 && !acquired; second += 1) {
  await new Promise((resolve) => setTimeout(resolve, 1000));
  acquired = await acquire('second');
}
console.log(`within two minutes the second one acquires it: ${acquired}`);
kv.close();
Deno.exit(0);
JS
seen="$(DENO_NO_UPDATE_CHECK=1 ./node_modules/@deno/linux-x64-glibc/deno run --quiet --unstable-kv --allow-env probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
the first one acquires the lock: true
after ten seconds the owner is: first
after ten seconds the second one acquires it: false
within two minutes the second one acquires it: true
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: Deno KV returns a key after its expireIn until a sweep once a minute, so that a lock of one second blocks for up to a minute"
