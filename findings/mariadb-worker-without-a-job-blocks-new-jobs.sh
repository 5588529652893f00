#!/usr/bin/env bash
# Whom does a worker block in MariaDB whose SELECT … FOR UPDATE SKIP LOCKED has found no job, until its transaction ends?
#
# Versions:  MariaDB 10.11 of Debian 12 (mariadb-server), mysql2 3.24.6, default settings (REPEATABLE READ).
# Guess:     No one: it locks the rows that it returns, and it returned none. SKIP LOCKED is there so that sessions do not wait for each other.
# Behaviour: Every producer: the INSERT of a new job waits for the worker, and fails with a lock timeout after 50 s. Two workers do not
#            block each other; but if both then insert (a job that follows), one of them gets a deadlock. With a job in the queue
#            the same INSERT passes, so that a test of a busy queue does not show it. READ COMMITTED does not have it.
# Why the guess is wrong: under REPEATABLE READ the scan locks also the gap behind the last row that it has read, here all future jobs. SKIP
#            LOCKED concerns locks on rows; an INSERT asks for the gap, and waits. Gap locks of two readers do not conflict.
# Source:    MySQL documentation, "InnoDB Locking" ("gap locks can co-exist"); MariaDB documentation, "SELECT … SKIP LOCKED".
# Output seen: the text in `expected` at the end.
set -euo pipefail
for command in mariadbd mariadb-install-db mariadb-admin; do command -v "$command" >/dev/null || { echo "needs $command" >&2; exit 2; }; done
mariadbd --version | grep -q '10\.11\.' || { echo "needs MariaDB 10.11" >&2; exit 2; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts mysql2@3.24.6
# A server that root starts runs as another user.
user=(--user="$(id -un)")
if [ "$(id -u)" -eq 0 ]; then
  user=(--user=mysql)
  chown mysql "$work"
fi
mariadb-install-db --no-defaults "${user[@]}" --datadir="$work/data" --auth-root-authentication-method=normal >/dev/null 2>&1
mariadbd --no-defaults "${user[@]}" --datadir="$work/data" --socket="$work/sock" --pid-file="$work/pid" --skip-networking 2>log &
trap 'kill %1; wait; rm -rf "$work"' EXIT
for _ in $(seq 200); do
  if mariadb-admin --no-defaults -S "$work/sock" -u root ping >/dev/null 2>&1; then break; fi
  sleep 0.05
done
cat >probe.mjs <<'JS'
import mysql from 'mysql2/promise';

const connect = (database) => mysql.createConnection({ socketPath: 'sock', user: 'root', database });
const setup = await connect();
await setup.query('CREATE DATABASE probe');
await setup.query('USE probe');
await setup.query('CREATE TABLE jobs (id bigint AUTO_INCREMENT PRIMARY KEY, state varchar(10) NOT NULL, INDEX (state)) ENGINE=InnoDB');
await setup.query('SET GLOBAL innodb_lock_wait_timeout = 2');
const [worker, second, producer] = [await connect('probe'), await connect('probe'), await connect('probe')];
const NEXT = "SELECT id FROM jobs WHERE state = 'queued' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED";
const insert = (connection) => connection.query("INSERT INTO jobs (state) VALUES ('queued')").then(() => 'stored', (error) => error.code);
const take = async (connection) => {
  await connection.query('START TRANSACTION');
  return (await connection.query(NEXT))[0].length;
};

console.log(`REPEATABLE READ: jobs found ${await take(worker)}; INSERT of a producer: ${await insert(producer)}`);
await worker.query('ROLLBACK');
console.log(`two workers: jobs found ${await take(worker)} and ${await take(second)}; both INSERT: ${(await Promise.all([insert(worker), insert(second)])).sort().join(' and ')}`);
await worker.query('ROLLBACK');
await second.query('ROLLBACK');
await setup.query('DELETE FROM jobs');
await setup.query("INSERT INTO jobs (state) VALUES ('queued')");
console.log(`REPEATABLE READ: jobs found ${await take(worker)}; INSERT of a producer: ${await insert(producer)}`);
await worker.query('ROLLBACK');
await setup.query('DELETE FROM jobs');
await worker.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED');
console.log(`READ COMMITTED: jobs found ${await take(worker)}; INSERT of a producer: ${await insert(producer)}`);
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
REPEATABLE READ: jobs found 0; INSERT of a producer: ER_LOCK_WAIT_TIMEOUT
two workers: jobs found 0 and 0; both INSERT: ER_LOCK_DEADLOCK and stored
REPEATABLE READ: jobs found 1; INSERT of a producer: stored
READ COMMITTED: jobs found 0; INSERT of a producer: stored
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: in MariaDB a worker that polls an empty queue with SKIP LOCKED blocks every INSERT of a job until its transaction ends"
