#!/usr/bin/env bash
# Which affectedRows does mysql2 return for INSERT … ON DUPLICATE KEY UPDATE key = key: 1 for a new key, and what for a known one?
#
# Versions:  mysql2 3.24.6 and MariaDB 10.11 of Debian 12 (mariadb-server).
# Guess:     0, as the documentation of the server says: 1 for an inserted row, 2 for an updated one, 0 for one that keeps its values. So
#            "affectedRows === 1" means that this request is the first.
# Behaviour: 1 for both. A second request with the same idempotency key is taken for the first, and charges again. With the flag -FOUND_ROWS
#            it is 1 and 0. INSERT IGNORE returns 1 and 0 with both settings, and an UPDATE to the same values 1 or 0.
# Why the guess is wrong: mysql2 connects with CLIENT_FOUND_ROWS, under which a row that was found counts as affected. The command-line
#            client does not set it, so that a trial of the statement there shows 1 and 0.
# Source:    MySQL documentation, INSERT … ON DUPLICATE KEY UPDATE ("1 (not 0) if an existing row is set to its current values");
#            mysql2, lib/connection_config.js, getDefaultFlags.
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

const connect = (options) => mysql.createConnection({ socketPath: 'sock', user: 'root', ...options });
const first = await connect();
await first.query('CREATE DATABASE probe');
await first.query('CREATE TABLE probe.charges (`key` varchar(50) PRIMARY KEY, amount integer) ENGINE=InnoDB');
for (const [name, options] of [['default', {}], ['-FOUND_ROWS', { flags: ['-FOUND_ROWS'] }]]) {
  const connection = await connect({ database: 'probe', ...options });
  const twice = async (sql) => {
    const counts = [];
    for (let n = 0; n < 2; n++) counts.push((await connection.query(sql))[0].affectedRows);
    return counts.join(' and ');
  };
  await connection.query('DELETE FROM charges');
  console.log(`${name}: ON DUPLICATE KEY UPDATE key = key, twice: ${await twice("INSERT INTO charges VALUES ('order-4711', 990) ON DUPLICATE KEY UPDATE `key` = `key`")}`);
  console.log(`${name}: INSERT IGNORE, twice: ${await twice("INSERT IGNORE INTO charges VALUES ('order-4712', 990)")}`);
  console.log(`${name}: UPDATE to 100, twice: ${await twice("UPDATE charges SET amount = 100 WHERE `key` = 'order-4712'")}`);
}
process.exit(0);
JS
seen="$(node probe.mjs
echo "rows of the command-line client, twice: $(mariadb --no-defaults -S "$work/sock" -u root -vvv -e "$(printf "INSERT INTO probe.charges VALUES ('order-4713', 990) ON DUPLICATE KEY UPDATE \`key\` = \`key\`;%.0s" 1 2)" | sed -n 's/^Query OK, \([0-9]*\) row.*/\1/p' | paste -sd' ')")"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
default: ON DUPLICATE KEY UPDATE key = key, twice: 1 and 1
default: INSERT IGNORE, twice: 1 and 0
default: UPDATE to 100, twice: 1 and 1
-FOUND_ROWS: ON DUPLICATE KEY UPDATE key = key, twice: 1 and 0
-FOUND_ROWS: INSERT IGNORE, twice: 1 and 0
-FOUND_ROWS: UPDATE to 100, twice: 1 and 0
rows of the command-line client, twice: 1 0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: mysql2 returns affectedRows 1 for a new and for a known key of INSERT … ON DUPLICATE KEY UPDATE key = key"
