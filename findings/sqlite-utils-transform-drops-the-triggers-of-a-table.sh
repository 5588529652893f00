#!/usr/bin/env bash
# What is left of the triggers that keep an audit trail after "sqlite-utils transform" has given a column a default?
#
# Versions:  sqlite-utils 3.30 and SQLite 3.40.1 of Debian 12 (sqlite-utils, sqlite3).
# Guess:     All: the command makes the changes that ALTER TABLE cannot, and a trigger belongs to the table; or it refuses, as there is something that it cannot keep.
# Behaviour: None: the triggers are gone, without a message and with exit code 0. Changes are not audited from then on, and what a trigger forbade is allowed. A CHECK and an index
#            are lost as well; the rows are there, so that the result looks right.
# Why the guess is wrong: a new table is made from the columns that the tool knows, the rows are copied, and the old table is dropped, with everything that depends on it. Triggers of
#            other tables that name it stay.
# Source:    sqlite-utils documentation, table.transform() ("does not automatically upgrade indexes, views or triggers"); SQLite documentation, ALTER TABLE, section 7 (the twelve steps).
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v sqlite-utils >/dev/null || { echo "needs sqlite-utils" >&2; exit 2; }
[ "$(sqlite-utils --version)" = 'sqlite-utils, version 3.30' ] || { echo "needs sqlite-utils 3.30" >&2; exit 2; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
sqlite3 db <<'SQL'
CREATE TABLE audit (event TEXT);
CREATE TABLE executions (id INTEGER PRIMARY KEY, state TEXT NOT NULL CHECK (state IN ('queued', 'done')), attempts INTEGER);
CREATE INDEX by_state ON executions (state);
CREATE TRIGGER changed AFTER UPDATE ON executions BEGIN INSERT INTO audit VALUES (OLD.state || ' to ' || NEW.state); END;
CREATE TRIGGER kept BEFORE DELETE ON executions BEGIN SELECT RAISE(ABORT, 'executions are kept'); END;
INSERT INTO executions VALUES (1, 'queued', 0);
SQL
show() {
  echo "$1: triggers $(sqlite3 db "SELECT coalesce(group_concat(name, ' '), 'none') FROM (SELECT name FROM sqlite_schema WHERE type = 'trigger' ORDER BY name)"), indexes $(sqlite3 db "SELECT coalesce(group_concat(name, ' '), 'none') FROM sqlite_schema WHERE type = 'index' AND name NOT LIKE 'sqlite%'"), rows $(sqlite3 db 'SELECT count(*) FROM executions')"
  for statement in "UPDATE executions SET state = 'done'" "UPDATE executions SET state = 'lost'" 'DELETE FROM executions'; do
    sqlite3 db "BEGIN; $statement; SELECT '  $(printf '%s' "${statement//\'/\'\'}"): changed ' || changes() || ', audited ' || (SELECT count(*) FROM audit); ROLLBACK" 2>&1 | sed -n "s/^Error.*\(CHECK constraint\|executions are kept\).*/  $statement: refused/; /^  UPD/p; /^  DEL/p"
  done
}
seen="$(
show before
code=0
sqlite-utils transform db executions --default attempts 1 >out 2>&1 || code=$?
echo "sqlite-utils transform: exit code $code, $(wc -l <out) lines of output"
show after
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
before: triggers changed kept, indexes by_state, rows 1
  UPDATE executions SET state = 'done': changed 1, audited 1
  UPDATE executions SET state = 'lost': refused
  DELETE FROM executions: refused
sqlite-utils transform: exit code 0, 0 lines of output
after: triggers none, indexes none, rows 1
  UPDATE executions SET state = 'done': changed 1, audited 0
  UPDATE executions SET state = 'lost': changed 1, audited 0
  DELETE FROM executions: changed 1, audited 0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: sqlite-utils transform drops the triggers of the table without a message"
