#!/usr/bin/env bash
# Until when does a function hold a lock that it took with pg_advisory_xact_lock?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql) with pg 8.23.1.
# Guess:     Until the end of the transaction: the name says so, and there is no function that releases it earlier.
# Behaviour: In the handler of a block (EXCEPTION WHEN …) that took the lock, the lock is gone, and another session gets it while the
#            transaction is open. The same holds when the block is the body of the function. A lock from before the block stays.
# Why the guess is wrong: a block with a handler is a subtransaction. An error rolls it back, and its locks with it. "Take the lock,
#            insert, on a duplicate read what is there" therefore reads without the lock, and what it decides may be outdated.
# Source:    PostgreSQL documentation, 13.3.5 (session locks), 13.3.2 (a lock that was acquired after a savepoint is released), 43.6.8.
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

const [one, two] = [new pg.Client(), new pg.Client()];
await one.connect();
await two.connect();
await one.query(`CREATE TABLE keys (key text PRIMARY KEY);
  INSERT INTO keys VALUES ('order-4711');
  CREATE FUNCTION locks() RETURNS text LANGUAGE sql AS $$
    SELECT CASE count(*) WHEN 0 THEN 'no lock' ELSE 'the lock' END FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() $$`);
const LOCK = 'PERFORM pg_advisory_xact_lock(1);';
const INSERT = "seen := locks() || ' before the error'; INSERT INTO keys VALUES ('order-4711');";
const HANDLER = "EXCEPTION WHEN unique_violation THEN seen := seen || ', ' || locks() || ' in the handler';";
const BODIES = {
  'taken in the block': `BEGIN BEGIN ${LOCK} ${INSERT} ${HANDLER} END; RETURN seen; END`,
  'taken in the body with a handler': `BEGIN ${LOCK} ${INSERT} ${HANDLER} RETURN seen; END`,
  'taken before the block': `BEGIN ${LOCK} BEGIN ${INSERT} ${HANDLER} END; RETURN seen; END`,
};
for (const [name, body] of Object.entries(BODIES)) {
  await one.query(`CREATE OR REPLACE FUNCTION submit() RETURNS text LANGUAGE plpgsql AS $$ DECLARE seen text; ${body} $$`);
  await one.query('BEGIN');
  const { seen } = (await one.query('SELECT submit() AS seen')).rows[0];
  const { other } = (await two.query('SELECT pg_try_advisory_xact_lock(1) AS other')).rows[0];
  await one.query('COMMIT');
  console.log(`${name}: ${seen}; before the commit another session gets it: ${other}`);
}
await one.end();
await two.end();
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
taken in the block: the lock before the error, no lock in the handler; before the commit another session gets it: true
taken in the body with a handler: the lock before the error, no lock in the handler; before the commit another session gets it: true
taken before the block: the lock before the error, the lock in the handler; before the commit another session gets it: false
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: an EXCEPTION handler runs without the pg_advisory_xact_lock that its block took, and others get the lock before the transaction ends"
