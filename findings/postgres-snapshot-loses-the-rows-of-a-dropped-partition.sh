#!/usr/bin/env bash
# Does a transaction with REPEATABLE READ or SERIALIZABLE see all rows of its snapshot, if a partition is dropped or detached meanwhile?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql) with pg 8.23.1.
# Guess:     Yes: the snapshot shows one state of the database, as after a DELETE. The DROP waits for it, or the reader gets an error.
# Behaviour: The DROP succeeds at once, and the transaction counts fewer rows than its snapshot has, without an error. The same with DETACH,
#            with DETACH CONCURRENTLY, and with TRUNCATE.
# Why the guess is wrong: a snapshot decides which versions of rows are visible. Which partitions a table has is read when a statement is
#            planned, and a file that is removed has no old versions. What keeps a DROP off is a lock, and a transaction has that only on
#            tables that it has read before. An export or a verification takes LOCK TABLE ONLY parent IN ACCESS SHARE MODE first.
# Source:    PostgreSQL documentation, 13.6 (Caveats: TRUNCATE and rewriting ALTER TABLE "are not MVCC-safe"), which does not name DROP of a partition.
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

const connect = async () => {
  const client = new pg.Client();
  await client.connect();
  await client.query("SET lock_timeout = '500ms'");
  return client;
};
const pruner = await connect();
const WAYS = ['DELETE FROM entries_1', 'TRUNCATE entries_1', 'ALTER TABLE entries DETACH PARTITION entries_1', 'ALTER TABLE entries DETACH PARTITION entries_1 CONCURRENTLY', 'DROP TABLE entries_1'];

async function trial(way, isolation, lock) {
  await pruner.query('DROP TABLE IF EXISTS entries, entries_1');
  await pruner.query(`CREATE TABLE entries (id int) PARTITION BY RANGE (id);
    CREATE TABLE entries_1 PARTITION OF entries FOR VALUES FROM (1) TO (11);
    CREATE TABLE entries_2 PARTITION OF entries FOR VALUES FROM (11) TO (21);
    INSERT INTO entries SELECT generate_series(1, 20)`);
  const reader = await connect();
  await reader.query(`BEGIN ISOLATION LEVEL ${isolation} READ ONLY`);
  if (lock) await reader.query('LOCK TABLE ONLY entries IN ACCESS SHARE MODE');
  // Takes the snapshot.
  await reader.query('SELECT 1');
  const outcome = await pruner.query(way).then(() => 'done', (error) => error.message);
  const counted = (await reader.query('SELECT count(*) AS rows FROM entries')).rows[0].rows;
  console.log(`${isolation}${lock ? ' with the lock' : ''}, ${way}: ${outcome}, the snapshot shows ${counted} of 20`);
  await reader.end();
}
for (const way of WAYS) await trial(way, 'REPEATABLE READ', false);
await trial('DROP TABLE entries_1', 'SERIALIZABLE', false);
await trial('DROP TABLE entries_1', 'REPEATABLE READ', true);
await pruner.end();
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
REPEATABLE READ, DELETE FROM entries_1: done, the snapshot shows 20 of 20
REPEATABLE READ, TRUNCATE entries_1: done, the snapshot shows 10 of 20
REPEATABLE READ, ALTER TABLE entries DETACH PARTITION entries_1: done, the snapshot shows 10 of 20
REPEATABLE READ, ALTER TABLE entries DETACH PARTITION entries_1 CONCURRENTLY: done, the snapshot shows 10 of 20
REPEATABLE READ, DROP TABLE entries_1: done, the snapshot shows 10 of 20
SERIALIZABLE, DROP TABLE entries_1: done, the snapshot shows 10 of 20
REPEATABLE READ with the lock, DROP TABLE entries_1: canceling statement due to lock timeout, the snapshot shows 20 of 20
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a snapshot of REPEATABLE READ or SERIALIZABLE loses the rows of a partition that is dropped, unless the table was locked or read before"
