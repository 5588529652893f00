#!/usr/bin/env bash
# What does pg_isready say of a server that has no connection left, and of a database that does not exist?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql): pg_isready.
# Guess:     "rejecting connections" and exit code 1, as its documentation says of a server that rejects connections, or 2.
# Behaviour: "accepting connections" and exit code 0, for both, for a user that does not exist, and for one that pg_hba.conf rejects. No client can
#            connect at that time.
# Why the guess is wrong: pg_isready takes every error with an SQLSTATE for the answer of a running server, except one: 57P03 (starting up, shutting
#            down). What it tells is that the process is there. "psql -c 'SELECT 1'" is the check of a connection.
# Source:    src/interfaces/libpq/fe-connect.c, internal_ping ("Any other SQLSTATE can be taken to indicate that the server is up").
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
"${as[@]}" "$bin/pg_ctl" -D "$work/data" -o "-c listen_addresses= -c unix_socket_directories=$work -c max_connections=3 -c superuser_reserved_connections=0" -l "$work/log" -w start >/dev/null
export PGHOST="$work" PGUSER=probe PGDATABASE=postgres
query() { "$bin/psql" -X -A -t -q "$@"; }
check() {
  code=0
  text="$("$bin/pg_isready" "$@")" || code=$?
  connected="$(query "$@" -c 'SELECT 1' 2>&1 | sed -n 's/^.*FATAL:  //p')"
  echo "pg_isready ${*/"$work"/}: ${text#*- }, exit code $code; psql: ${connected:-connects}"
}
seen="$(
check
check -d nowhere
check -U nobody
sed -i '1i local all rejected reject' "$work/data/pg_hba.conf"
query -c 'CREATE ROLE rejected LOGIN' -c 'SELECT pg_reload_conf()' >/dev/null
for _ in $(seq 200); do
  if ! query -U rejected -c 'SELECT 1' >/dev/null 2>&1; then break; fi
  sleep 0.05
done
check -U rejected | sed 's/, user "rejected".*/…/'
for _ in 1 2 3; do query -c 'SELECT pg_sleep(60)' >/dev/null 2>&1 & done
for _ in $(seq 200); do
  if ! query -c 'SELECT 1' >/dev/null 2>&1; then break; fi
  sleep 0.05
done
echo 'with all connections in use:'
check
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
pg_isready : accepting connections, exit code 0; psql: connects
pg_isready -d nowhere: accepting connections, exit code 0; psql: database "nowhere" does not exist
pg_isready -U nobody: accepting connections, exit code 0; psql: role "nobody" does not exist
pg_isready -U rejected: accepting connections, exit code 0; psql: pg_hba.conf rejects connection for host "[local]"…
with all connections in use:
pg_isready : accepting connections, exit code 0; psql: sorry, too many clients already
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: pg_isready exits with 0 for a server that refuses every client because all connections are in use"
