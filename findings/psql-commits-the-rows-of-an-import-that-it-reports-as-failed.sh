#!/usr/bin/env bash
# Which rows are in the table after "\copy charges FROM PROGRAM …" has failed, because the program did?
#
# Versions:  psql 15 of Debian 12 (postgresql).
# Guess:     None: psql reports the failure, and exits with 1 or 3. An import that failed is repeated.
# Behaviour: Those that the program had written: they are committed when psql notices the failure, whatever ON_ERROR_STOP says, and a repetition stores them
#            twice. COPY … FROM PROGRAM of the server, and \copy with --single-transaction and ON_ERROR_STOP=1, store nothing.
# Why the guess is wrong: psql sends the end of the data, and the server commits, before psql waits for the program. An end of its output is no
#            failure, and the exit code comes too late.
# Source:    src/bin/psql/copy.c, do_copy (pclose after handleCopyIn).
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
query -c 'CREATE TABLE charges (key text)'
# An export that ends half-way.
printf 'echo order-1; echo order-2; exit 3\n' >export.sh
chmod 644 export.sh
trial() {
  query -c 'TRUNCATE charges'
  for _ in 1 2; do
    code=0
    "$bin/psql" -X -q "${@:2}" -c "$1 charges FROM PROGRAM 'bash $work/export.sh'" >/dev/null 2>error || code=$?
    echo "$1 ${*:2}: exit code $code, $(sed -n '$s/^.*: //p' error); rows $(query -c "SELECT coalesce(string_agg(key, ' '), 'none') FROM charges")"
  done
}
seen="$(
trial '\copy'
trial '\copy' -v ON_ERROR_STOP=1
trial '\copy' -v ON_ERROR_STOP=1 --single-transaction
trial COPY
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
\copy : exit code 1, child process exited with exit code 3; rows order-1 order-2
\copy : exit code 1, child process exited with exit code 3; rows order-1 order-2 order-1 order-2
\copy -v ON_ERROR_STOP=1: exit code 1, child process exited with exit code 3; rows order-1 order-2
\copy -v ON_ERROR_STOP=1: exit code 1, child process exited with exit code 3; rows order-1 order-2 order-1 order-2
\copy -v ON_ERROR_STOP=1 --single-transaction: exit code 1, child process exited with exit code 3; rows none
\copy -v ON_ERROR_STOP=1 --single-transaction: exit code 1, child process exited with exit code 3; rows none
COPY : exit code 1,  child process exited with exit code 3; rows none
COPY : exit code 1,  child process exited with exit code 3; rows none
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo 'ANSWER: psql has committed the rows of a \copy FROM PROGRAM which it reports as failed, so that a repetition stores them twice'
