#!/usr/bin/env bash
# Does VACUUM of SQLite keep the rowid of the rows of a table without an INTEGER PRIMARY KEY?
#
# Versions:  SQLite 3.40.1 of Debian 12 (sqlite3).
# Guess:     One of two: always, as a look at a database of one's own shows; or never, as the documentation warns that it "may change".
# Behaviour: It depends on whether the table has an index: with one (also that of a TEXT PRIMARY KEY) the numbers stay, without one they are given again from 1. VACUUM INTO keeps
#            them in both cases, so that a copy differs from the original after its VACUUM. A reader that goes on from "rowid > 5" then misses the rows
#            that follow.
# Why the guess is wrong: the content of an index is copied as it is, and it contains rowids; a table alone is written anew with the next number. So an index that is dropped, or is not in
#            production, decides about the numbers of the table.
# Source:    src/insert.c, xferOptimization (DBFLAG_Vacuum, OP_NewRowid); SQLite documentation, VACUUM ("may change the ROWIDs").
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v sqlite3 >/dev/null || { echo "needs sqlite3" >&2; exit 2; }
case "$(sqlite3 --version)" in '3.40.1 '*) ;; *) echo "needs SQLite 3.40.1" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
trial() {
  rm -f db copy
  sqlite3 db "CREATE TABLE events ($2); $3" "INSERT INTO events (event) VALUES ('a'), ('b'), ('c'), ('d'), ('e'), ('f')" "DELETE FROM events WHERE event IN ('a', 'b', 'c')"
  numbers() { sqlite3 "$1" "SELECT group_concat(event || ' ' || rowid, ', ') FROM (SELECT event, rowid FROM events ORDER BY event)"; }
  before="$(numbers db)"
  sqlite3 db "VACUUM INTO 'copy'"
  sqlite3 db VACUUM
  sqlite3 db "INSERT INTO events (event) VALUES ('g')"
  echo "$1: before $before; copy of VACUUM INTO $(numbers copy); after VACUUM $(numbers db); read with rowid > 6: $(sqlite3 db "SELECT coalesce(group_concat(event), 'none') FROM events WHERE rowid > 6")"
}
seen="$(
trial 'no index' 'event TEXT' ''
trial 'an index' 'event TEXT' 'CREATE INDEX by_event ON events (event)'
trial 'TEXT PRIMARY KEY' 'event TEXT PRIMARY KEY' ''
trial 'INTEGER PRIMARY KEY' 'id INTEGER PRIMARY KEY, event TEXT' ''
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
no index: before d 4, e 5, f 6; copy of VACUUM INTO d 4, e 5, f 6; after VACUUM d 1, e 2, f 3, g 4; read with rowid > 6: none
an index: before d 4, e 5, f 6; copy of VACUUM INTO d 4, e 5, f 6; after VACUUM d 4, e 5, f 6, g 7; read with rowid > 6: g
TEXT PRIMARY KEY: before d 4, e 5, f 6; copy of VACUUM INTO d 4, e 5, f 6; after VACUUM d 4, e 5, f 6, g 7; read with rowid > 6: g
INTEGER PRIMARY KEY: before d 4, e 5, f 6; copy of VACUUM INTO d 4, e 5, f 6; after VACUUM d 4, e 5, f 6, g 7; read with rowid > 6: g
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: VACUUM of SQLite gives the rows of a table new rowids if the table has no index, and keeps them if it has one"
