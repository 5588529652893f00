#!/usr/bin/env bash
# In which order does graphile-worker run the jobs of one named queue, if the first one fails once?
#
# Versions:  graphile-worker 0.18.0, PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     1, 1, 2, 3: jobs with the same queueName run one after the other, so that a job waits until the one before has ended.
# Behaviour: 1, 2, 3, 1: while the failed job waits for its next attempt, the others overtake it. An "update" may be carried out before its
#            "create". Without the failure the order is 1, 2, 3.
# Why the guess is wrong: a queue excludes that two of its jobs run at the same time. A failed job returns to the table with a later run_at, and
#            the queue is free at once. The order of each turn is priority, run_at, id.
# Source:    graphile-worker documentation, addJob (queueName: "run serially"), and sql: private function get_job; fail_job unlocks the queue.
# Output seen: the text in `expected` at the end.
set -euo pipefail
bin="$(find /usr/lib/postgresql/15/bin -maxdepth 0 2>/dev/null)" || { echo "needs PostgreSQL 15 of Debian" >&2; exit 2; }
work="$(mktemp -d)"
as=()
# A server refuses to run as root.
if [ "$(id -u)" -eq 0 ]; then
  as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
  chown postgres "$work"
fi
trap '"${as[@]}" "$bin/pg_ctl" -D "$work/data" -m immediate stop >/dev/null 2>&1; rm -rf "$work"' EXIT
cd "$work"
"${as[@]}" "$bin/initdb" -D "$work/data" -U probe -A trust >/dev/null
"${as[@]}" "$bin/pg_ctl" -D "$work/data" -o "-c listen_addresses= -c unix_socket_directories=$work" -l "$work/log" -w start >/dev/null
export PGHOST="$work" PGUSER=probe PGDATABASE=postgres
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts graphile-worker@0.18.0
cat >probe.mjs <<'JS'
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger, makeWorkerUtils, run } from 'graphile-worker';

const connectionString = `postgres://probe@localhost/postgres?host=${encodeURIComponent(process.env.PGHOST)}`;
const logger = new Logger(() => () => {});
const utils = await makeWorkerUtils({ connectionString, logger });
await utils.migrate();
for (const failures of [0, 1]) {
  const started = [];
  let left = failures;
  const step = async ({ number }) => {
    started.push(number);
    if (number === 1 && left-- > 0) throw new Error('the other service is away');
  };
  for (const number of [1, 2, 3]) await utils.addJob('step', { number }, { queueName: 'customer-4711' });
  const runner = await run({ connectionString, logger, concurrency: 4, pollInterval: 100, taskList: { step } });
  for (let n = 0; n < 300 && started.length < 3 + failures; n++) await sleep(100);
  await runner.stop();
  console.log(`failures of job 1: ${failures}; jobs in the order of their starts: ${started.join(', ')}`);
}
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
failures of job 1: 0; jobs in the order of their starts: 1, 2, 3
failures of job 1: 1; jobs in the order of their starts: 1, 2, 3, 1
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a named queue of graphile-worker does not keep the order: while a failed job waits for its next attempt, later jobs overtake it"
