#!/usr/bin/env bash
# What happens to an UPDATE that waits for a lock, when the process that sent it is killed?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql) with pg 8.23.1.
# Guess:     It is not carried out: the kernel closes the socket, the server notices that, and rolls back.
# Behaviour: It goes on waiting, and is carried out and committed once the lock is free, however long its client is dead. A successor that has
#            taken over meanwhile is overwritten. With client_connection_check_interval = '100ms' it is ended in time.
# Why the guess is wrong: while a statement runs or waits, the server does not look at its socket; it notices the end when it reads the next message
#            or fails to send a result, which is after the commit. The setting that makes it look is off by default. A takeover needs a
#            number in the WHERE of every UPDATE that the successor has raised (fencing), not a sign of life.
# Source:    PostgreSQL documentation, 20.3.2 (client_connection_check_interval, default 0).
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
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

const connect = async () => {
  const client = new pg.Client();
  client.on('error', () => {});
  await client.connect();
  return client;
};
if (process.argv[2] === 'leader') {
  const client = await connect();
  await client.query(`SET client_connection_check_interval = '${process.argv[3]}'`);
  process.send(client.processID);
  await client.query("UPDATE leases SET owner = 'the dead process'");
} else {
  const [holder, observer] = [await connect(), await connect()];
  await observer.query('CREATE TABLE leases (owner text)');
  for (const interval of ['0', '100ms']) {
    await observer.query("DELETE FROM leases; INSERT INTO leases VALUES ('nobody')");
    await holder.query('BEGIN');
    await holder.query("UPDATE leases SET owner = 'the successor'");
    const leader = spawn(process.execPath, ['probe.mjs', 'leader', interval], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const [pid] = await once(leader, 'message');
    const waits = async () => (await observer.query("SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event_type = 'Lock'", [pid])).rowCount > 0;
    while (!(await waits())) await sleep(20);
    leader.kill('SIGKILL');
    await once(leader, 'exit');
    await sleep(2000);
    const after = (await waits()) ? 'still waits' : 'has ended';
    await holder.query('COMMIT');
    while ((await observer.query('SELECT FROM pg_stat_activity WHERE pid = $1', [pid])).rowCount > 0) await sleep(20);
    const { rows } = await observer.query('SELECT owner FROM leases');
    console.log(`client_connection_check_interval ${interval}: 2 s after the kill its UPDATE ${after}; in the end the owner is ${rows[0].owner}`);
  }
  process.exit(0);
}
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
client_connection_check_interval 0: 2 s after the kill its UPDATE still waits; in the end the owner is the dead process
client_connection_check_interval 100ms: 2 s after the kill its UPDATE has ended; in the end the owner is the successor
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: PostgreSQL carries out and commits a statement whose client was killed while it waited, unless client_connection_check_interval is set"
