#!/usr/bin/env bash
# Does an outbox that reads rows up to pg_snapshot_xmin depend on what happens in other databases of the server?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql) with pg 8.23.1.
# Guess:     No: databases are separate. A transaction of another one can neither see nor change the outbox, and delays VACUUM at most
#            where tables are shared.
# Behaviour: A transaction of another database that has written something and is open holds back every event from then on. That
#            no event is due looks the same as an empty outbox. A transaction there that only reads does not, nor one of this database.
# Why the guess is wrong: transaction ids are numbered for the whole server, and a snapshot takes the oldest id that runs in any database.
#            The usual condition `xid < pg_snapshot_xmin(pg_current_snapshot())` therefore waits for a migration or an import elsewhere.
# Source:    PostgreSQL documentation, 9.26 (functions for snapshots); src/backend/storage/ipc/procarray.c, GetSnapshotData.
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

const connect = async (database) => {
  const client = new pg.Client({ database });
  await client.connect();
  return client;
};
const receiver = await connect('postgres');
await receiver.query('CREATE DATABASE other');
await receiver.query('CREATE TABLE outbox (xid xid8 DEFAULT pg_current_xact_id(), event int)');
let event = 0;
const due = async (moment) => {
  await receiver.query('INSERT INTO outbox (event) VALUES ($1)', [++event]);
  const { rows } = await receiver.query('DELETE FROM outbox WHERE xid < pg_snapshot_xmin(pg_current_snapshot()) RETURNING event');
  console.log(`${moment}: event ${event} is committed, due: ${rows.map((row) => row.event).sort().join(', ') || 'none'}`);
};
for (const [name, statement] of [['reads', 'SELECT 1'], ['has written', 'CREATE TABLE import (id int)']]) {
  for (const database of ['postgres', 'other']) {
    if (database === 'postgres' && name === 'has written') continue;
    const client = await connect(database);
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await client.query(statement);
    await due(`a transaction of ${database === 'other' ? 'another' : 'this'} database that ${name} is open`);
    if (name === 'has written') await due('the same');
    await client.query('ROLLBACK');
    await client.end();
  }
}
await due('no other transaction is open');
await receiver.end();
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
a transaction of this database that reads is open: event 1 is committed, due: 1
a transaction of another database that reads is open: event 2 is committed, due: 2
a transaction of another database that has written is open: event 3 is committed, due: none
the same: event 4 is committed, due: none
no other transaction is open: event 5 is committed, due: 3, 4, 5
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: an outbox that reads up to pg_snapshot_xmin waits for transactions of other databases that have written something"
