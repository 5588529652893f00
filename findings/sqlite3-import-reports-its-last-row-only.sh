#!/usr/bin/env bash
# Which exit code has "sqlite3 db '.import --csv …'" if some rows of the file cannot be stored?
#
# Versions:  sqlite3 3.40.1 of Debian 12 (sqlite3).
# Guess:     Not 0, and no row is stored, as an import is one transaction; at least with -bail ("stop after hitting an error").
# Behaviour: 0, unless it is the last row that was refused: then it is 19. Rows that a constraint or a STRICT type refuses are left out, and those before and after them are
#            stored; each has a line on standard error. Columns that are too many are cut off. -bail, and BEGIN and COMMIT around it, change nothing of this. Count
#            the rows, or read standard error.
# Why the guess is wrong: .import is a command of the shell, which reports what goes wrong with a row, goes on with the next, and commits at the end. Its result is that
#            of the last INSERT.
# Source:    SQLite, shell.c.in (do_meta_command, "import"); documentation, "Command Line Shell", importing files.
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v sqlite3 >/dev/null || { echo "needs sqlite3" >&2; exit 2; }
case "$(sqlite3 --version)" in '3.40.1 '*) ;; *) echo "needs SQLite 3.40.1" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >charges.csv <<'CSV'
id,amount
1,10
2,20
2,30
3
4,forty
5,50,60
6,60
CSV
trial() {
  rm -f db
  sqlite3 db 'CREATE TABLE charges (id INTEGER PRIMARY KEY, amount INTEGER NOT NULL) STRICT'
  code=0
  "${@:2}" 2>errors || code=$?
  echo "$1: exit code $code, $(grep -c 'INSERT failed' errors) refused, rows $(sqlite3 db "SELECT coalesce(group_concat(id || ' ' || amount, ', '), 'none') FROM charges")"
}
seen="$(
trial sqlite3 sqlite3 db '.import --csv --skip 1 charges.csv charges'
trial 'sqlite3 -bail' sqlite3 -bail db '.import --csv --skip 1 charges.csv charges'
trial "sqlite3 -bail, BEGIN, .import, COMMIT" sqlite3 -bail db BEGIN '.import --csv --skip 1 charges.csv charges' COMMIT
head -n 4 charges.csv >last.csv
trial 'sqlite3, the last row is refused' sqlite3 db '.import --csv --skip 1 last.csv charges'
trial 'sqlite3 -bail, the last row is refused' sqlite3 -bail db '.import --csv --skip 1 last.csv charges'
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
sqlite3: exit code 0, 3 refused, rows 1 10, 2 20, 5 50, 6 60
sqlite3 -bail: exit code 0, 3 refused, rows 1 10, 2 20, 5 50, 6 60
sqlite3 -bail, BEGIN, .import, COMMIT: exit code 0, 3 refused, rows 1 10, 2 20, 5 50, 6 60
sqlite3, the last row is refused: exit code 19, 1 refused, rows 1 10, 2 20
sqlite3 -bail, the last row is refused: exit code 19, 1 refused, rows 1 10, 2 20
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: the exit code of sqlite3 .import is that of the last row: an import that leaves out three rows of six succeeds"
