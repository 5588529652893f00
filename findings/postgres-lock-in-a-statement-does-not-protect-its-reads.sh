#!/usr/bin/env bash
# Does a statement that takes pg_advisory_xact_lock before it reads, in one WITH, see what the holder of the lock has committed?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql) with pg 8.23.1, READ COMMITTED.
# Guess:     Yes: the WITH is MATERIALIZED and is joined, so that the statement waits for the lock first, and reads max(id) afterwards.
# Behaviour: It waits, and then reads what was there before it waited: both sessions append number 1. The same two steps in a function work in
#            PL/pgSQL and in SQL, unless the function is declared STABLE: then it, too, reads the past.
# Why the guess is wrong: a statement has one snapshot, taken before it runs, so before it waits. A VOLATILE function takes a new one for each
#            statement in it, a STABLE one uses that of its caller. Rows that are locked with FOR UPDATE are read again after a wait;
#            an advisory lock is only a function.
# Source:    PostgreSQL documentation, 13.2.1 (READ COMMITTED), 38.7 (volatility: snapshots of STABLE functions).
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

const [one, two, observer] = [new pg.Client(), new pg.Client(), new pg.Client()];
for (const client of [one, two, observer]) await client.connect();
await one.query(`CREATE TABLE chain (id int, how text);
  CREATE FUNCTION in_plpgsql() RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock(1); RETURN (SELECT coalesce(max(id), 0) + 1 FROM chain); END $$;
  CREATE FUNCTION in_sql() RETURNS int LANGUAGE sql AS $$ SELECT pg_advisory_xact_lock(1); SELECT coalesce(max(id), 0) + 1 FROM chain; $$;
  CREATE FUNCTION in_stable() RETURNS int LANGUAGE plpgsql STABLE AS $$ BEGIN PERFORM pg_advisory_xact_lock(1); RETURN (SELECT coalesce(max(id), 0) + 1 FROM chain); END $$`);
const APPENDS = {
  'WITH in one statement': `WITH lock AS MATERIALIZED (SELECT pg_advisory_xact_lock(1))
    INSERT INTO chain (id) SELECT (SELECT coalesce(max(id), 0) + 1 FROM chain) FROM lock`,
  'PL/pgSQL': 'INSERT INTO chain (id) SELECT in_plpgsql()',
  SQL: 'INSERT INTO chain (id) SELECT in_sql()',
  'PL/pgSQL, STABLE': 'INSERT INTO chain (id) SELECT in_stable()',
};
for (const [name, append] of Object.entries(APPENDS)) {
  await one.query('TRUNCATE chain');
  await one.query('BEGIN');
  await one.query(append);
  const second = two.query(append);
  const waits = async () => (await observer.query("SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND wait_event = 'advisory'")).rowCount > 0;
  for (let n = 0; n < 200 && !(await waits()); n++) await sleep(20);
  const waited = await waits();
  await one.query('COMMIT');
  await second;
  const { rows } = await one.query('SELECT id FROM chain ORDER BY id');
  console.log(`${name}: the second ${waited ? 'waited' : 'did not wait'}; numbers ${rows.map(({ id }) => id).join(', ')}`);
}
for (const client of [one, two, observer]) await client.end();
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
WITH in one statement: the second waited; numbers 1, 1
PL/pgSQL: the second waited; numbers 1, 2
SQL: the second waited; numbers 1, 2
PL/pgSQL, STABLE: the second waited; numbers 1, 1
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a statement that waits for an advisory lock reads what was committed before it waited, and so does a STABLE function"
