#!/usr/bin/env bash
# How many rows does an UPDATE change in MariaDB, in a transaction whose SELECT with the same condition has just returned none?
#
# Versions:  MariaDB 10.11 of Debian 12 (mariadb-server), mysql2 3.24.6, default settings (REPEATABLE READ).
# Guess:     None: reads of the transaction come from one snapshot, and so do its conditions. PostgreSQL changes none either, or fails with
#            40001.
# Behaviour: One: the row that another session has committed since. After that the SELECT of the same transaction returns it. A transaction
#            that copies all rows of a state and then deletes all rows of that state deletes one that it has not copied. With
#            innodb_snapshot_isolation=ON a row of the snapshot that was changed since gives ER_CHECKREAD (1020).
# Why the guess is wrong: only SELECT reads the snapshot. UPDATE, DELETE and SELECT … FOR UPDATE read the newest committed rows; what a
#            transaction has written itself, it sees. Copy and delete by the ids that were read, or read with FOR UPDATE.
# Source:    MySQL documentation, "Consistent Nonlocking Reads" (the note on DML); MariaDB documentation, innodb_snapshot_isolation.
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
const other = await connect();
await other.query('CREATE DATABASE probe');
await other.query('USE probe');
await other.query('CREATE TABLE results (id integer PRIMARY KEY, state varchar(10)) ENGINE=InnoDB');
await other.query('CREATE TABLE archive LIKE results');
const mover = await connect('probe');
const count = async (connection, table) => (await connection.query(`SELECT count(*) AS n FROM ${table} WHERE state = 'done'`))[0][0].n;

await mover.query('START TRANSACTION');
const before = await count(mover, 'results');
await other.query("INSERT INTO results VALUES (1, 'done')");
const again = await count(mover, 'results');
const [{ affectedRows }] = await mover.query("UPDATE results SET state = 'moved' WHERE state = 'done'");
const [[{ n }]] = await mover.query('SELECT count(*) AS n FROM results');
console.log(`SELECT ${before}, after an INSERT of another session ${again}; UPDATE ${affectedRows}; all rows that SELECT returns then ${n}`);
await mover.query('ROLLBACK');

await other.query("DELETE FROM results");
await other.query("INSERT INTO results VALUES (1, 'done')");
await mover.query('START TRANSACTION');
await count(mover, 'results');
await other.query("INSERT INTO results VALUES (2, 'done')");
const [rows] = await mover.query("SELECT * FROM results WHERE state = 'done'");
for (const { id, state } of rows) await mover.query('INSERT INTO archive VALUES (?, ?)', [id, state]);
const [deleted] = await mover.query("DELETE FROM results WHERE state = 'done'");
await mover.query('COMMIT');
console.log(`copied ${rows.length}, deleted ${deleted.affectedRows}; left in results ${await count(other, 'results')}, in the archive ${await count(other, 'archive')}`);

await other.query("REPLACE INTO results VALUES (3, 'done')");
await mover.query('SET SESSION innodb_snapshot_isolation = ON');
await mover.query('START TRANSACTION');
await count(mover, 'results');
await other.query("UPDATE results SET state = 'changed' WHERE id = 3");
const code = await mover.query("DELETE FROM results WHERE id = 3").then(() => 'no error', (error) => error.code);
console.log(`innodb_snapshot_isolation=ON: DELETE of a row that was changed since: ${code}`);
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
SELECT 0, after an INSERT of another session 0; UPDATE 1; all rows that SELECT returns then 1
copied 1, deleted 2; left in results 0, in the archive 1
innodb_snapshot_isolation=ON: DELETE of a row that was changed since: ER_CHECKREAD
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: UPDATE and DELETE of MariaDB change rows that the SELECT of their transaction does not see: one copied, two deleted"
