#!/usr/bin/env bash
# What do COMMIT and ROLLBACK do in MariaDB after a statement of the transaction failed with a deadlock, or with a lock timeout?
#
# Versions:  MariaDB 10.11 of Debian 12 (mariadb-server), mysql2 3.24.6, default settings.
# Guess:     Both errors leave one kind of transaction: as in PostgreSQL, nothing of it can be committed, and ROLLBACK ends it.
# Behaviour: Two opposites. After a deadlock the transaction has been rolled back and is over: an entry that the error handler writes is
#            committed by itself, and the following ROLLBACK does not undo it. After a lock timeout the transaction is open with all its
#            earlier statements: COMMIT stores half of a transfer. Neither COMMIT nor ROLLBACK reports anything.
# Why the guess is wrong: a deadlock rolls back the whole transaction of the victim, and the session is in autocommit again. A lock timeout rolls
#            back its statement only (innodb_rollback_on_timeout is off). Code that repeats "the statement" is right after the one and
#            wrong after the other; repeating the transaction, after a ROLLBACK and nothing else, is right after both.
# Source:    MariaDB documentation, innodb_rollback_on_timeout; MySQL documentation, "InnoDB Error Handling".
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
const reader = await connect();
await reader.query('CREATE DATABASE probe');
await reader.query('USE probe');
await reader.query('CREATE TABLE accounts (id integer PRIMARY KEY, amount integer NOT NULL) ENGINE=InnoDB');
await reader.query('CREATE TABLE audit (entry varchar(50)) ENGINE=InnoDB');
const [transfer, other] = [await connect('probe'), await connect('probe')];
const code = (query) => query.then(() => 'no error', (error) => error.code);
const start = async () => {
  await reader.query('DELETE FROM audit');
  await reader.query('REPLACE INTO accounts VALUES (1, 100), (2, 100)');
  await transfer.query('START TRANSACTION');
  await other.query('START TRANSACTION');
  await transfer.query('UPDATE accounts SET amount = amount - 30 WHERE id = 1');
};
const waits = async () => {
  for (;;) {
    const [rows] = await reader.query("SELECT trx_id FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'");
    if (rows.length > 0) return;
  }
};
const show = async () => {
  const [accounts] = await reader.query('SELECT amount FROM accounts ORDER BY id');
  const [entries] = await reader.query('SELECT entry FROM audit');
  return `accounts ${accounts.map(({ amount }) => amount).join(' and ')}, audit ${JSON.stringify(entries.map(({ entry }) => entry))}`;
};

await start();
// The other one has written more rows, so that the transfer is the victim.
await other.query("INSERT INTO audit SELECT seq FROM seq_1_to_100");
await other.query('UPDATE accounts SET amount = 0 WHERE id = 2');
const blocked = other.query('UPDATE accounts SET amount = 0 WHERE id = 1');
await waits();
console.log(`deadlock: ${await code(transfer.query('UPDATE accounts SET amount = amount + 30 WHERE id = 2'))}`);
await transfer.query("INSERT INTO audit VALUES ('transfer done')");
console.log(`  an entry, and then ROLLBACK: ${await code(transfer.query('ROLLBACK'))}`);
await blocked;
await other.query('ROLLBACK');
console.log(`  ${await show()}`);

await start();
await other.query('UPDATE accounts SET amount = 0 WHERE id = 2');
await transfer.query('SET innodb_lock_wait_timeout = 1');
console.log(`lock timeout: ${await code(transfer.query('UPDATE accounts SET amount = amount + 30 WHERE id = 2'))}`);
await transfer.query("INSERT INTO audit VALUES ('transfer failed')");
console.log(`  an entry, and then COMMIT: ${await code(transfer.query('COMMIT'))}`);
await other.query('ROLLBACK');
console.log(`  ${await show()}`);
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
deadlock: ER_LOCK_DEADLOCK
  an entry, and then ROLLBACK: no error
  accounts 100 and 100, audit ["transfer done"]
lock timeout: ER_LOCK_WAIT_TIMEOUT
  an entry, and then COMMIT: no error
  accounts 70 and 100, audit ["transfer failed"]
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: in MariaDB, ROLLBACK does not undo what follows a deadlock, and COMMIT stores what precedes a lock timeout"
