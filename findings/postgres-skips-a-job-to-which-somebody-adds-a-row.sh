#!/usr/bin/env bash
# Does FOR UPDATE SKIP LOCKED find a job that nobody has claimed or changed, while another transaction inserts a row that refers to it?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql) with pg 8.23.1.
# Guess:     Yes: inserting a note reads the job at most. Readers and SELECT FOR UPDATE do not disturb each other.
# Behaviour: The job is skipped as if it was claimed, for as long as that transaction is open. A queue whose jobs all get a note looks empty.
#            FOR NO KEY UPDATE SKIP LOCKED finds it, and excludes other claims just as well.
# Why the guess is wrong: a foreign key locks the row that it refers to (FOR KEY SHARE), so that its key stays. FOR UPDATE conflicts with
#            that, because it also announces a DELETE or a change of the key. An UPDATE of other columns would not conflict.
# Source:    PostgreSQL documentation, 13.3.2 (row-level locks, table 13.3). Its examples of queues use FOR UPDATE SKIP LOCKED.
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
import pg from 'pg';

const [worker, other, third] = [new pg.Client(), new pg.Client(), new pg.Client()];
for (const client of [worker, other, third]) await client.connect();
await worker.query(`CREATE TABLE jobs (id int PRIMARY KEY, state text);
  CREATE TABLE notes (job int REFERENCES jobs, note text);
  INSERT INTO jobs VALUES (1, 'queued')`);
const claim = async (client, strength) => {
  const { rowCount } = await client.query(`SELECT id FROM jobs WHERE state = 'queued' ORDER BY id LIMIT 1 ${strength} SKIP LOCKED`);
  return rowCount === 1 ? 'claimed' : 'nothing to do';
};
await other.query('BEGIN');
await other.query("INSERT INTO notes VALUES (1, 'waits for approval')");
await third.query("SET lock_timeout = '300ms'");
console.log(`beside the insert of a note, an UPDATE of the job: ${await third.query('UPDATE jobs SET state = state').then(() => 'done', () => 'waits')}`);
for (const strength of ['FOR UPDATE', 'FOR NO KEY UPDATE']) {
  await worker.query('BEGIN');
  console.log(`${strength} SKIP LOCKED: ${await claim(worker, strength)}; a second worker meanwhile: ${await claim(third, strength)}`);
  await worker.query('ROLLBACK');
}
for (const client of [worker, other, third]) await client.end();
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
beside the insert of a note, an UPDATE of the job: done
FOR UPDATE SKIP LOCKED: nothing to do; a second worker meanwhile: nothing to do
FOR NO KEY UPDATE SKIP LOCKED: claimed; a second worker meanwhile: nothing to do
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: FOR UPDATE SKIP LOCKED skips a job while a row that refers to it is inserted; FOR NO KEY UPDATE SKIP LOCKED finds it"
