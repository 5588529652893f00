#!/usr/bin/env bash
# Which texts find the row with the integer id 17, if a driver passes the text of a URL as the parameter?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql) with pg 8.23.1; PostgreSQL 18 in @electric-sql/pglite 0.5.16.
# Guess:     '17', perhaps with a zero or a space. '0x11' and '1_7' are no integers: error 22P02 in every version, which the service maps to 404.
# Behaviour: Up to PostgreSQL 15 it is so. From 16 on '0x11', '0b10001', '0o21' and '1_7' are integers, and find the row. What a
#            service keeps by the text of the id (rate limits, caches, locks, denied ids, signatures) has several names for one row
#            after an upgrade of the server.
# Why the guess is wrong: the new spellings of numbers in SQL are also those of the input of the types, which reads parameters. JavaScript
#            differs once more: Number('0x11') is 17, Number('1_7') is NaN.
# Source:    PostgreSQL 16 release notes (non-decimal integer literals, underscores); src/backend/utils/adt/numutils.c, pg_strtoint32_safe.
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
npm install --silent --no-audit --no-fund --ignore-scripts pg@8.23.1 @electric-sql/pglite@0.5.16
cat >probe.mjs <<'JS'
import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';

const client = new pg.Client();
await client.connect();
const lite = await PGlite.create();
const TABLE = 'CREATE TABLE executions (id int PRIMARY KEY); INSERT INTO executions VALUES (17)';
await client.query(TABLE);
await lite.exec(TABLE);
const SELECT = 'SELECT id FROM executions WHERE id = $1::text::int';
const look = (rows) => rows.then(({ rows }) => (rows.length === 1 ? 'found' : 'not found'), (error) => `error ${error.code}`);
const major = async (rows) => `PostgreSQL ${parseInt((await rows).rows[0].server_version, 10)}`;
const names = [await major(client.query('SHOW server_version')), await major(lite.query('SHOW server_version'))];
for (const text of ['17', '017', '+17', ' 17 ', '0x11', '0b10001', '0o21', '1_7', '1__7', '17.0', '1.7e1']) {
  console.log(`${JSON.stringify(text)}: ${names[0]} ${await look(client.query(SELECT, [text]))}, ${names[1]} ${await look(lite.query(SELECT, [text]))}, Number ${Number(text)}`);
}
const plain = await look(client.query('SELECT id FROM executions WHERE id = $1', ['017']));
console.log(`a parameter without a cast: ${plain}`);
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
"17": PostgreSQL 15 found, PostgreSQL 18 found, Number 17
"017": PostgreSQL 15 found, PostgreSQL 18 found, Number 17
"+17": PostgreSQL 15 found, PostgreSQL 18 found, Number 17
" 17 ": PostgreSQL 15 found, PostgreSQL 18 found, Number 17
"0x11": PostgreSQL 15 error 22P02, PostgreSQL 18 found, Number 17
"0b10001": PostgreSQL 15 error 22P02, PostgreSQL 18 found, Number 17
"0o21": PostgreSQL 15 error 22P02, PostgreSQL 18 found, Number 17
"1_7": PostgreSQL 15 error 22P02, PostgreSQL 18 found, Number NaN
"1__7": PostgreSQL 15 error 22P02, PostgreSQL 18 error 22P02, Number NaN
"17.0": PostgreSQL 15 error 22P02, PostgreSQL 18 error 22P02, Number 17
"1.7e1": PostgreSQL 15 error 22P02, PostgreSQL 18 error 22P02, Number 17
a parameter without a cast: found
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: from PostgreSQL 16 on the texts 0x11, 0b10001, 0o21 and 1_7 find the row with the id 17; PostgreSQL 15 rejects them"
