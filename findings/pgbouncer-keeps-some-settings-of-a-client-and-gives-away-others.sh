#!/usr/bin/env bash
# Whose are the settings that a client makes with SET, and those of its start, behind PgBouncer with pool_mode = transaction?
#
# Versions:  PgBouncer 1.18.0 and PostgreSQL 15 of Debian 12 (pgbouncer, postgresql), pg 8.23.1.
# Guess:     All alike: a SET belongs to the server connection, so that other clients get it. A setting in the start of the connection that
#            PgBouncer does not know is refused, or in force if it is in ignore_startup_parameters.
# Behaviour: TimeZone and DateStyle stay with the client that has set them, on any server connection. statement_timeout, search_path, IntervalStyle
#            and default_transaction_isolation go to other clients. application_name stays, except that a client which started without one
#            gets that of another. An ignored setting of the start has no effect: who asked for 300 ms has what another client has left.
# Why the guess is wrong: PgBouncer restores on each assignment the parameters that the server reports by itself and that it follows; the list is short
#            and the server does not report the others. "Ignore" means that the value is dropped. A test of SET TimeZone proves nothing
#            about the rest.
# Source:    PgBouncer documentation, features (SQL feature map) and config (ignore_startup_parameters, track_extra_parameters from 1.20).
# Output seen: the text in `expected` at the end.
set -euo pipefail
[ -x /usr/sbin/pgbouncer ] || { echo "needs pgbouncer" >&2; exit 2; }
/usr/sbin/pgbouncer --version | grep -q '1\.18\.0' || { echo "needs PgBouncer 1.18.0" >&2; exit 2; }
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
mkdir "$work/bouncer"
cat >"$work/bouncer/pgbouncer.ini" <<INI
[databases]
postgres = host=$work user=probe
[pgbouncer]
listen_addr =
unix_socket_dir = $work/bouncer
auth_type = any
pool_mode = transaction
default_pool_size = 1
ignore_startup_parameters = statement_timeout
logfile = $work/bouncer/log
pidfile = $work/bouncer/pid
INI
if [ "$(id -u)" -eq 0 ]; then chown -R postgres "$work/bouncer"; fi
"${as[@]}" /usr/sbin/pgbouncer "$work/bouncer/pgbouncer.ini" >/dev/null 2>&1 &
trap 'kill %1; "${as[@]}" "$bin/pg_ctl" -D "$work/data" -m immediate stop >/dev/null 2>&1; rm -rf "$work"' EXIT
for _ in $(seq 200); do
  if [ -S "$work/bouncer/.s.PGSQL.6432" ]; then break; fi
  sleep 0.05
done
export PGHOST="$work/bouncer" PGPORT=6432
cat >probe.mjs <<'JS'
import pg from 'pg';

const connect = async (options) => {
  const client = new pg.Client(options);
  client.on('error', () => {});
  await client.connect();
  return client;
};
const SETTINGS = {
  TimeZone: 'Asia/Tokyo',
  DateStyle: 'German, DMY',
  application_name: 'one',
  IntervalStyle: 'iso_8601',
  search_path: 'elsewhere',
  statement_timeout: '7s',
  default_transaction_isolation: 'serializable',
};
const [one, two] = [await connect(), await connect()];
for (const [name, value] of Object.entries(SETTINGS)) {
  await one.query(`SET ${name} = '${value}'`);
  const show = async (client) => Object.values((await client.query(`SHOW ${name}`)).rows[0])[0];
  const other = (await show(two)) === value ? 'has it, too' : 'has its own';
  console.log(`SET ${name} by one: two ${other}, one ${(await show(one)) === value ? 'has it' : 'has lost it'}`);
}
const three = await connect({ statement_timeout: 300 });
console.log(`a client that starts with statement_timeout 300 ms has ${(await three.query('SHOW statement_timeout')).rows[0].statement_timeout}`);
const four = await connect({ application_name: 'four' });
await one.query("SET application_name = 'one'");
console.log(`a client that starts with application_name four has ${(await four.query('SHOW application_name')).rows[0].application_name}`);
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
SET TimeZone by one: two has its own, one has it
SET DateStyle by one: two has its own, one has it
SET application_name by one: two has it, too, one has it
SET IntervalStyle by one: two has it, too, one has it
SET search_path by one: two has it, too, one has it
SET statement_timeout by one: two has it, too, one has it
SET default_transaction_isolation by one: two has it, too, one has it
a client that starts with statement_timeout 300 ms has 7s
a client that starts with application_name four has four
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: behind PgBouncer in transaction mode a SET of TimeZone or DateStyle stays with its client, most others go to everybody, and ignored ones of the start to nobody"
