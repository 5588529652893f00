#!/usr/bin/env bash
# What does sqldiff report of a copy whose audit table lacks its append-only trigger, its UNIQUE, or rows?
#
# Versions:  sqldiff of SQLite 3.40.1 of Debian 12 (sqlite3-tools), sqlite3.
# Guess:     Each of them, as the SQL that would turn one file into the other, and as diff does by the exit code 1.
# Behaviour: The rows only, and exit code 0 for every copy. A copy without the trigger, without the UNIQUE constraint, without the CHECK or
#            without the view gives no line. With --schema it is the same. A missing index that was made with CREATE INDEX is reported.
# Why the guess is wrong: sqldiff compares names of columns, rows, and indexes that have SQL of their own. Constraints are text of CREATE
#            TABLE, which it does not compare. "sqldiff a b && echo same" always says same; a test of the copy's schema compares
#            sqlite_schema.
# Source:    sqldiff documentation, "Limitations": differences in triggers and views are not shown; tool/sqldiff.c, diff_one_table.
# Output seen: the text in `expected` at the end.
set -euo pipefail
for command in sqldiff sqlite3; do command -v "$command" >/dev/null || { echo "needs $command" >&2; exit 2; }; done
case "$(sqlite3 --version)" in 3.40.1*) ;; *) echo "needs SQLite 3.40.1" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
trigger="CREATE TRIGGER audit_keep BEFORE UPDATE ON audit BEGIN SELECT raise(ABORT, 'append only'); END;"
view='CREATE VIEW failures AS SELECT * FROM audit WHERE amount = 0;'
index='CREATE INDEX audit_amount ON audit (amount);'
rows="INSERT INTO audit VALUES (1, 'order-1', 5), (2, 'order-2', 7);"
make() { sqlite3 "$1.db" "CREATE TABLE audit (id INTEGER PRIMARY KEY, key TEXT $2, amount INTEGER $3); $4"; }
make original UNIQUE 'CHECK (amount > 0)' "$trigger $view $index $rows"
make same UNIQUE 'CHECK (amount > 0)' "$trigger $view $index $rows"
make no-trigger UNIQUE 'CHECK (amount > 0)' "$view $index $rows"
make no-view UNIQUE 'CHECK (amount > 0)' "$trigger $index $rows"
make no-unique '' 'CHECK (amount > 0)' "$trigger $view $index $rows"
make no-check UNIQUE '' "$trigger $view $index $rows"
make no-index UNIQUE 'CHECK (amount > 0)' "$trigger $view $rows"
make no-row-2 UNIQUE 'CHECK (amount > 0)' "$trigger $view $index $rows DELETE FROM audit WHERE id = 2;"
seen="$(
for copy in same no-trigger no-view no-unique no-check no-index no-row-2; do
  code=0
  lines="$(sqldiff original.db "$copy.db")" || code=$?
  echo "$copy: ${lines:-no differences}; exit code $code; with --schema: $(sqldiff --schema original.db "$copy.db" | paste -sd' ')"
done
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
same: no differences; exit code 0; with --schema: 
no-trigger: no differences; exit code 0; with --schema: 
no-view: no differences; exit code 0; with --schema: 
no-unique: no differences; exit code 0; with --schema: 
no-check: no differences; exit code 0; with --schema: 
no-index: DROP INDEX audit_amount;; exit code 0; with --schema: DROP INDEX audit_amount;
no-row-2: DELETE FROM audit WHERE id=2;; exit code 0; with --schema: 
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: sqldiff reports rows and indexes only, and exits with 0: a copy without the trigger, UNIQUE and CHECK of its original has no differences"
