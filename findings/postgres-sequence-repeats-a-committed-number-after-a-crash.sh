#!/usr/bin/env bash
# Can a sequence give a number a second time after a crash, if the statement that got it the first time was committed?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql) with pg 8.23.1; fsync and synchronous_commit are on.
# Guess:     No: a crash leaves gaps. The documentation adds that a number is safe to use elsewhere once its nextval was committed.
# Behaviour: Another transaction called nextval before and is open, or was rolled back. The committed nextval after it gave 2, and after the
#            crash the sequence starts at 1 again, so that 2 is given to somebody else. With a row stored beside it, the number is safe.
# Why the guess is wrong: the first nextval logs 32 numbers ahead, and only its own commit waits for the disk. A nextval within these 32 logs
#            nothing, so that its commit has nothing to wait for. `SELECT nextval` as the source of order numbers or idempotency keys repeats.
#            The server writes its log every 200 ms at the latest; the probe makes that 10 s.
# Source:    PostgreSQL documentation, 9.17; src/backend/commands/sequence.c, nextval_internal (SEQ_LOG_VALS, `logit`).
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
"${as[@]}" "$bin/pg_ctl" -D "$work/data" -o "-c listen_addresses= -c unix_socket_directories=$work -c wal_writer_delay=10s" -l "$work/log" -w start >/dev/null
export PGHOST="$work" PGUSER=probe PGDATABASE=postgres
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts pg@8.23.1
# Stops the server as a crash does, and starts it again.
crash() {
  "${as[@]}" "$bin/pg_ctl" -D "$work/data" -m immediate stop >/dev/null
  "${as[@]}" "$bin/pg_ctl" -D "$work/data" -o "-c listen_addresses= -c unix_socket_directories=$work" -l "$work/log" -w start >/dev/null
}
cat >probe.mjs <<'JS'
import pg from 'pg';

const connect = async () => {
  const client = new pg.Client();
  client.on('error', () => {});
  await client.connect();
  return client;
};
const take = async (client, sequence) => (await client.query(`SELECT nextval('${sequence}') AS number`)).rows[0].number;
const [one, two] = [await connect(), await connect()];
if (process.argv[2] === 'before') {
  await one.query('CREATE SEQUENCE beside_open; CREATE SEQUENCE after_rollback; CREATE SEQUENCE with_row; CREATE TABLE kept (number bigint)');
  await one.query('CHECKPOINT');
  await two.query('BEGIN');
  await take(two, 'after_rollback');
  await two.query('ROLLBACK');
  console.log(`a rolled back transaction took 1; committed: ${await take(one, 'after_rollback')}`);
  await two.query('BEGIN');
  await take(two, 'beside_open');
  console.log(`an open transaction took 1; committed: ${await take(one, 'beside_open')}`);
} else if (process.argv[2] === 'row') {
  await two.query('BEGIN');
  await take(two, 'with_row');
  const { rows } = await one.query("INSERT INTO kept VALUES (nextval('with_row')) RETURNING number");
  console.log(`an open transaction took 1; committed in a row: ${rows[0].number}`);
} else {
  const names = ['after_rollback', 'beside_open', 'with_row'].slice(...process.argv.slice(3).map(Number));
  for (const name of names) console.log(`after the crash, ${name}: ${await take(one, name)}, ${await take(one, name)}`);
}
process.exit(0);
JS
seen="$(
node probe.mjs before
crash
node probe.mjs after 0 2
node probe.mjs row
crash
node probe.mjs after 2 3
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
a rolled back transaction took 1; committed: 2
an open transaction took 1; committed: 2
after the crash, after_rollback: 1, 2
after the crash, beside_open: 1, 2
an open transaction took 1; committed in a row: 2
after the crash, with_row: 34, 35
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a sequence repeats a number whose nextval was committed, if another transaction called nextval before and nothing was written since"
