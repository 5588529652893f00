#!/usr/bin/env bash
# Who holds the lock after "await pool.fetchval('SELECT pg_try_advisory_lock(1)')" of asyncpg has returned True?
#
# Versions:  asyncpg 0.27.0 and PostgreSQL 15 of Debian 12 (python3-asyncpg, postgresql).
# Guess:     A connection of the pool: the lock of a session stays with its connection when that goes back, as with the pools of pg and psycopg2. It is held too long, if anything.
# Behaviour: Nobody: True was true, and the pool has freed the lock before the call returns. Each receiver that asks gets True and leads: all of them at once. SET through the pool is gone with the call
#            in the same way, without an error.
# Why the guess is wrong: the pool resets each connection that comes back, by pg_advisory_unlock_all(), CLOSE ALL, UNLISTEN *, and RESET ALL. A lock needs a connection that is acquired for as long as it shall last.
# Source:    asyncpg 0.27.0 as Debian installs it: asyncpg/pool.py, PoolConnectionHolder.release (calls Connection.reset); asyncpg/connection.py, reset and _get_reset_query (the four statements).
# Output seen: the text in `expected` at the end.
set -euo pipefail
[ "$(/usr/bin/python3 -c 'import asyncpg; print(asyncpg.__version__)' 2>&1)" = 0.27.0 ] || { echo "needs asyncpg 0.27.0 (python3-asyncpg)" >&2; exit 2; }
bin="$(find /usr/lib/postgresql/15/bin -maxdepth 0 2>/dev/null)" || { echo "needs PostgreSQL 15 of Debian" >&2; exit 2; }
work="$(mktemp -d)"
as=()
# A server refuses to run as root.
if [ "$(id -u)" -eq 0 ]; then
  as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
  chown postgres "$work"
fi
trap '"${as[@]}" "$bin/pg_ctl" -D "$work/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
cd "$work"
"${as[@]}" "$bin/initdb" -D "$work/data" -U probe -A trust >/dev/null
"${as[@]}" "$bin/pg_ctl" -D "$work/data" -o "-c listen_addresses= -c unix_socket_directories=$work" -l "$work/log" -w start >/dev/null
export PGHOST="$work" PGUSER=probe PGDATABASE=postgres
cat >probe.py <<'PY'
import asyncio
import asyncpg


async def main():
    receivers = [await asyncpg.create_pool(min_size=1, max_size=1) for _ in range(3)]
    print('pool.fetchval, three receivers:', [await pool.fetchval('SELECT pg_try_advisory_lock(1)') for pool in receivers])
    watcher = await asyncpg.connect()
    held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
    print('locks held:', await watcher.fetchval(held))
    connections = [await pool.acquire() for pool in receivers]
    print('connections that stay acquired:', [await connection.fetchval('SELECT pg_try_advisory_lock(1)') for connection in connections])
    print('locks held:', await watcher.fetchval(held))
    await receivers[0].release(connections[0])
    print('given back, locks held:', await watcher.fetchval(held))
    one = receivers[0]
    await one.execute("SET statement_timeout = '5s'")
    print('SET statement_timeout through the pool, then:', await one.fetchval('SHOW statement_timeout'))


asyncio.run(main())
PY
seen="$(/usr/bin/python3 probe.py)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
pool.fetchval, three receivers: [True, True, True]
locks held: 0
connections that stay acquired: [True, False, False]
locks held: 1
given back, locks held: 0
SET statement_timeout through the pool, then: 0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: the pool of asyncpg frees an advisory lock before it returns True for it, so that every receiver that asks leads"
