#!/usr/bin/env bash
# What does pgloader bring from SQLite to PostgreSQL, if one row of a table has a fraction or a text in a column of integers?
#
# Versions:  pgloader 3.6.9 (it calls itself 3.6.7~devel), sqlite3 3.40.1, and PostgreSQL 15 of Debian 12 (pgloader, sqlite3, postgresql).
# Guess:     All rows but that one, which is in a file of rejected rows, as the documentation has it; and an exit code that says so.
# Behaviour: The rows in front of it. Each row behind it is missing, though nothing is wrong with it. The exit code is 0, also with --on-error-stop, no file of rejected rows
#            is written, and the report has two errors for the table. SQLite stores such a value without a word.
# Why the guess is wrong: what is rejected and written to a file is what PostgreSQL refuses. This row fails earlier, in the function that makes the text of a value from it; the error ends the thread,
#            and what was sent before is committed.
# Source:    pgloader at v3.6.9: docs/batches.rst, "Batch Processing" ("That's why on error resume next is the default for SQLite"; the files of rejected rows are for what PostgreSQL rejects);
#            src/utils/transforms.lisp, integer-to-string (takes a string or a fixnum, and a string only if it is an integer), which src/sources/sqlite/sqlite-cast-rules.lisp sets for columns of integers;
#            src/load/copy-data.lisp, copy-from ("A thread failed with error"); dimitri/pgloader issue 634, "Exit Statuses" (open; also with --on-error-stop).
# Output seen: the text in `expected` at the end.
set -euo pipefail
case "$(pgloader --version 2>&1)" in *3.6.7*|*3.6.9*) ;; *) echo "needs pgloader 3.6.9" >&2; exit 2 ;; esac
command -v sqlite3 >/dev/null || { echo "needs sqlite3" >&2; exit 2; }
bin="$(find /usr/lib/postgresql/15/bin -maxdepth 0 2>/dev/null)" || { echo "needs PostgreSQL 15 of Debian" >&2; exit 2; }
work="$(mktemp -d)"
as=()
# A server refuses to run as root.
if [ "$(id -u)" -eq 0 ]; then
  as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
  chown postgres "$work"
fi
trap '"${as[@]}" "$bin/pg_ctl" -D "$work/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
cd "$work"
"${as[@]}" "$bin/initdb" -D "$work/data" -U probe -A trust >/dev/null
"${as[@]}" "$bin/pg_ctl" -D "$work/data" -o "-c listen_addresses= -c unix_socket_directories=$work" -l "$work/log" -w start >/dev/null
export PGHOST="$work" PGUSER=probe PGDATABASE=postgres
query() { "$bin/psql" -X -A -t -q "$@"; }
move() {
  query -c 'DROP TABLE IF EXISTS charges' 2>/dev/null
  rm -f source.db
  # SQLite stores a fraction and a text in a column of integers; nothing but STRICT forbids it.
  sqlite3 source.db "CREATE TABLE charges (id integer PRIMARY KEY, amount integer); INSERT INTO charges VALUES (1, 100), (2, $1), (3, 300), (4, 400);"
  code=0
  pgloader --root-dir "$work/root" "${@:2}" source.db "postgresql://probe@unix:$work:5432/postgres" >report 2>&1 || code=$?
  echo "exit code $code, moved $(query -c "SELECT coalesce(string_agg(id || ' = ' || amount, ', ' ORDER BY id), 'none') FROM charges" 2>&1), errors in the report $(awk '$1 == "charges" { print $2 }' report), rows in reject files $(cat root/postgres/charges.dat 2>/dev/null | wc -l)"
}
seen="$(
echo "row 2 has a fraction: $(move 12.5)"
echo "row 2 has a text: $(move "'free'")"
echo "row 2 has a fraction, --on-error-stop: $(move 12.5 --on-error-stop)"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
row 2 has a fraction: exit code 0, moved 1 = 100, errors in the report 2, rows in reject files 0
row 2 has a text: exit code 0, moved 1 = 100, errors in the report 2, rows in reject files 0
row 2 has a fraction, --on-error-stop: exit code 0, moved 1 = 100, errors in the report 2, rows in reject files 0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: pgloader leaves out of a table of SQLite every row behind one with a fraction in a column of integers, and ends with 0"
