#!/usr/bin/env bash
# What is the exit code of psql with ON_ERROR_STOP=1, when the program fails that gets the rows of an export?
#
# Versions:  psql 15 of Debian 12 (postgresql).
# Guess:     3, or 1: ON_ERROR_STOP is there so that a script does not go on after an error.
# Behaviour: 0 for "\g |program", "\o |program" and "\! program", without a message, and the script goes on: it may delete what it has "exported".
#            \copy TO PROGRAM and COPY TO PROGRAM fail.
# Why the guess is wrong: ON_ERROR_STOP stops after failed statements and commands of psql; the exit code of a program at the end of a pipe is
#            not looked at.
# Source:    src/bin/psql/common.c, CloseGOutput and setQFout; PostgreSQL documentation, psql, ON_ERROR_STOP, SHELL_ERROR (from 16).
# Output seen: the text in `expected` at the end.
set -euo pipefail
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
# Reads everything, and cannot store it, as gzip on a full disk.
printf 'cat >/dev/null; exit 3\n' >store.sh
chmod 644 store.sh
trial() {
  query -c 'DROP TABLE IF EXISTS charges' -c "CREATE TABLE charges AS SELECT 'order-1' AS key" 2>/dev/null
  printf '%s\nDELETE FROM charges;\n' "$2" >script.sql
  code=0
  "$bin/psql" -X -q -v ON_ERROR_STOP=1 -f script.sql >/dev/null 2>error || code=$?
  echo "$1: exit code $code, lines on standard error $(wc -l <error), rows after the script $(query -c 'SELECT count(*) FROM charges')"
}
seen="$(
trial '\g |program' "SELECT * FROM charges \\g |bash $work/store.sh"
trial '\o |program' "\\o |bash $work/store.sh
SELECT * FROM charges;
\\o"
trial '\! program' "\\! bash $work/store.sh </dev/null"
trial '\copy TO PROGRAM' "\\copy charges TO PROGRAM 'bash $work/store.sh'"
trial 'COPY TO PROGRAM' "COPY charges TO PROGRAM 'bash $work/store.sh';"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
\g |program: exit code 0, lines on standard error 0, rows after the script 0
\o |program: exit code 0, lines on standard error 0, rows after the script 0
\! program: exit code 0, lines on standard error 0, rows after the script 0
\copy TO PROGRAM: exit code 3, lines on standard error 1, rows after the script 1
COPY TO PROGRAM: exit code 3, lines on standard error 2, rows after the script 1
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo 'ANSWER: psql exits with 0, even with ON_ERROR_STOP=1, when the program of \g | or \o | fails that was to store an export'
