#!/usr/bin/env bash
# Which amounts does a column numeric(12, 2) with CHECK (amount > 0) accept from node?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql) with pg 8.23.1.
# Guess:     Positive numbers with two decimals. NaN is rejected: it is greater than nothing, as in JavaScript and IEEE 754, and a scale limits the column to numbers.
# Behaviour: NaN too, with the type numeric(12, 2) and with CHECK (amount > 0), because NaN is greater than every number and equal to itself. From then on the sum of all is NaN, and
#            it is the largest of all. JavaScript's NaN (an amount of undefined * 2) is sent as the text NaN. Infinity is refused by the scale. CHECK (amount BETWEEN 0.01 AND
#            9999999) refuses NaN.
# Why the guess is wrong: PostgreSQL orders NaN, so that it can be indexed and sorted. A limit at the top excludes it.
# Source:    PostgreSQL documentation, 8.1.2 ("treats NaN values as equal, and greater than all non-NaN values").
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
trap '"${as[@]}" "$bin/pg_ctl" -D "$work/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
cd "$work"
"${as[@]}" "$bin/initdb" -D "$work/data" -U probe -A trust >/dev/null
"${as[@]}" "$bin/pg_ctl" -D "$work/data" -o "-c listen_addresses= -c unix_socket_directories=$work" -l "$work/log" -w start >/dev/null
export PGHOST="$work" PGUSER=probe PGDATABASE=postgres
query() { "$bin/psql" -X -A -t -q "$@"; }
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts pg@8.23.1
cat >probe.mjs <<'JS'
import pg from 'pg';

const client = new pg.Client();
await client.connect();
for (const check of ['amount > 0', 'amount >= 0.01 AND amount <= 9999999']) {
  await client.query(`DROP TABLE IF EXISTS charges; CREATE TABLE charges (amount numeric(12, 2) CHECK (${check}))`);
  const outcomes = [];
  for (const amount of [10, 20, -1, NaN, Infinity]) {
    const outcome = await client.query('INSERT INTO charges VALUES ($1)', [amount]).then(() => 'stored', () => 'refused');
    outcomes.push(`${amount} ${outcome}`);
  }
  const { rows: [{ sum, max }] } = await client.query('SELECT sum(amount), max(amount) FROM charges');
  console.log(`CHECK (${check}): ${outcomes.join(', ')}; sum ${sum}, max ${max}`);
}
await client.end();
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
CHECK (amount > 0): 10 stored, 20 stored, -1 refused, NaN stored, Infinity refused; sum NaN, max NaN
CHECK (amount >= 0.01 AND amount <= 9999999): 10 stored, 20 stored, -1 refused, NaN refused, Infinity refused; sum 30.00, max 20.00
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: CHECK (amount > 0) of PostgreSQL accepts NaN in a numeric(12, 2), and the sum of all amounts is NaN then"
