#!/usr/bin/env bash
# In which order does pg-boss give the jobs of a batch?
#
# Versions:  pg-boss 12.38.0, PostgreSQL 15 of Debian 12 (postgresql); node 22.12 or newer is what pg-boss asks for.
# Guess:     Highest priority first, then oldest first, as one by one: a batch only saves round trips.
# Behaviour: One by one it is so. In a batch of the same jobs neither priority nor age has an effect on the order. Who works
#            through the array carries out an update before the create that was sent first, or the urgent job last.
# Why the guess is wrong: a subquery chooses the jobs in that order, and the statement around it is an UPDATE … RETURNING, which joins them by id and
#            returns them in the order of the join.
# Source:    pg-boss, dist/plans.js, fetchNextJob; PostgreSQL documentation, UPDATE.
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
npm install --silent --no-audit --no-fund --ignore-scripts pg-boss@12.38.0 @opentelemetry/api@1.9.0
cat >probe.mjs <<'JS'
import { PgBoss } from 'pg-boss';

const boss = new PgBoss(`postgres://probe@localhost/postgres?host=${encodeURIComponent(process.env.PGHOST)}`);
boss.on('error', (error) => console.log(error.message));
await boss.start();
await boss.createQueue('orders');
const numbers = Array.from({ length: 30 }, (_, n) => n);
for (const [name, optionsOf, expected] of [
  ['with equal priorities', () => ({}), numbers],
  ['with rising priorities', (priority) => ({ priority }), [...numbers].reverse()],
]) {
  for (const batchSize of [1, numbers.length]) {
    for (const number of numbers) await boss.send('orders', { number }, optionsOf(number));
    const order = [];
    while (order.length < numbers.length) order.push(...(await boss.fetch('orders', { batchSize })).map(({ data }) => data.number));
    const complete = new Set(order).size === numbers.length;
    console.log(`${name}, batchSize ${batchSize}: ${complete ? 'all jobs' : 'not all jobs'}, in order: ${order.join() === expected.join()}`);
  }
}
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
with equal priorities, batchSize 1: all jobs, in order: true
with equal priorities, batchSize 30: all jobs, in order: false
with rising priorities, batchSize 1: all jobs, in order: true
with rising priorities, batchSize 30: all jobs, in order: false
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a batch of pg-boss is in no order: neither the priority nor the age of its jobs decides, unlike when they are fetched one by one"
