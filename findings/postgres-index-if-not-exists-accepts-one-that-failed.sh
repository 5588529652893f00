#!/usr/bin/env bash
# Is a key unique after CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS has succeeded?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql) with pg 8.23.1.
# Guess:     Yes: that is what a migration relies on, which is repeated after a failure. IF NOT EXISTS makes the repetition safe.
# Behaviour: No. The first attempt failed for a duplicate and left an invalid index of that name. The repetition succeeds, with a notice, and
#            builds nothing. From then on duplicates are accepted, and ON CONFLICT (key) is an error. Without CONCURRENTLY nothing is left.
# Why the guess is wrong: IF NOT EXISTS asks for the name only. CONCURRENTLY uses several transactions, so that its failure rolls back the last
#            one alone. pg_index.indisvalid shows the state; REINDEX INDEX CONCURRENTLY, or DROP before each attempt, repairs it.
# Source:    PostgreSQL documentation, CREATE INDEX (Building Indexes Concurrently; IF NOT EXISTS).
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

const client = new pg.Client();
await client.connect();
const run = (text) => client.query(text).then(({ rowCount }) => (rowCount === null ? 'done' : `${rowCount} row`), ({ code }) => `error ${code}`);
for (const concurrently of ['', 'CONCURRENTLY ']) {
  await client.query('DROP TABLE IF EXISTS submissions');
  await client.query('CREATE TABLE submissions (key text)');
  await client.query("INSERT INTO submissions VALUES ('order-4711'), ('order-4711')");
  const create = `CREATE UNIQUE INDEX ${concurrently}IF NOT EXISTS submissions_key ON submissions (key)`;
  console.log(create);
  console.log(`  with a duplicate: ${await run(create)}`);
  await client.query('DELETE FROM submissions');
  console.log(`  again, without the duplicate: ${await run(create)}`);
  console.log(`  INSERT: ${await run("INSERT INTO submissions VALUES ('order-4712')")}, the same again: ${await run("INSERT INTO submissions VALUES ('order-4712')")}`);
  console.log(`  INSERT … ON CONFLICT (key): ${await run("INSERT INTO submissions VALUES ('order-4713') ON CONFLICT (key) DO NOTHING")}`);
  const { rows } = await client.query("SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = 'submissions_key'::regclass");
  console.log(`  valid: ${rows[0].valid}`);
}
await client.end();
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
CREATE UNIQUE INDEX IF NOT EXISTS submissions_key ON submissions (key)
  with a duplicate: error 23505
  again, without the duplicate: done
  INSERT: 1 row, the same again: error 23505
  INSERT … ON CONFLICT (key): 1 row
  valid: true
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS submissions_key ON submissions (key)
  with a duplicate: error 23505
  again, without the duplicate: done
  INSERT: 1 row, the same again: 1 row
  INSERT … ON CONFLICT (key): error 42P10
  valid: false
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: no, CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS succeeds beside an invalid index that an earlier attempt left, and duplicates are accepted"
