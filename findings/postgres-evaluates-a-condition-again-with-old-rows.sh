#!/usr/bin/env bash
# A worker claims a job of a customer who is not paused, waits for the lock of the job, and the customer is paused meanwhile. Does it get the job?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql) with pg 8.23.1, READ COMMITTED.
# Guess:     No: after the wait READ COMMITTED evaluates the WHERE again, with what is committed by then, and the customer is paused.
# Behaviour: With FOR UPDATE OF the job it gets the job, although the row of the job was read again and its own column is the new one. With FOR UPDATE
#            of the one and FOR SHARE of the other it gets nothing. EXISTS sees the customer of before, too.
# Why the guess is wrong: what is evaluated again are the new versions of the rows that are locked. Rows of other tables are those which the snapshot
#            from before the wait had joined. The condition is therefore one of two moments.
# Source:    PostgreSQL documentation, 13.2.1; src/backend/executor/README, EvalPlanQual ("non-locked relations").
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
npm install --silent --no-audit --no-fund --ignore-scripts pg@8.23.1
cat >probe.mjs <<'JS'
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

const [worker, other, operator] = [new pg.Client(), new pg.Client(), new pg.Client()];
for (const client of [worker, other, operator]) await client.connect();
await operator.query('CREATE TABLE customers (id int PRIMARY KEY, paused boolean); CREATE TABLE jobs (id int PRIMARY KEY, customer int, note text)');
const JOIN = 'SELECT j.note FROM jobs AS j JOIN customers AS c ON c.id = j.customer WHERE NOT c.paused';
const CLAIMS = {
  'a join, FOR UPDATE OF the job': `${JOIN} FOR UPDATE OF j`,
  'a join, FOR UPDATE OF the job, FOR SHARE OF the customer': `${JOIN} FOR UPDATE OF j FOR SHARE OF c`,
  'EXISTS, FOR UPDATE': 'SELECT note FROM jobs AS j WHERE EXISTS (SELECT FROM customers AS c WHERE c.id = j.customer AND NOT c.paused) FOR UPDATE OF j',
  'a column of the job itself, FOR UPDATE': "SELECT note FROM jobs AS j WHERE note <> 'paused' FOR UPDATE",
};
for (const [name, claim] of Object.entries(CLAIMS)) {
  await operator.query("TRUNCATE customers, jobs; INSERT INTO customers VALUES (1, false); INSERT INTO jobs VALUES (1, 1, 'old')");
  await other.query('BEGIN');
  await other.query(`UPDATE jobs SET note = '${name.startsWith('a column') ? 'paused' : 'new'}'`);
  const claimed = worker.query(claim);
  const waits = async () => (await operator.query("SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'")).rowCount > 0;
  while (!(await waits())) await sleep(20);
  await operator.query('UPDATE customers SET paused = true');
  await other.query('COMMIT');
  const { rows } = await claimed;
  console.log(`${name}: ${rows.length === 0 ? 'no job' : `the job, with its ${rows[0].note} note`}`);
}
for (const client of [worker, other, operator]) await client.end();
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
a join, FOR UPDATE OF the job: the job, with its new note
a join, FOR UPDATE OF the job, FOR SHARE OF the customer: no job
EXISTS, FOR UPDATE: the job, with its new note
a column of the job itself, FOR UPDATE: no job
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: after a wait for a lock PostgreSQL evaluates the condition again, but only with the new versions of the rows that the statement locks"
