#!/usr/bin/env bash
# When does a client with host=first,second connect to the second?
#
# Versions:  psql and libpq of PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     When the first does not accept it: the hosts are tried in order, until one succeeds. That is what a list of hosts is for.
# Behaviour: When the first does not answer, or is not of the kind that target_session_attrs asks for. A server that has no connection left, that does
#            not know the user or the database yet, or that rejects the client in pg_hba.conf, ends the attempt, and the second server, free and correct, is not asked. So
#            does target_session_attrs=prefer-standby.
# Why the guess is wrong: the rule is about reaching a server, and the first was reached: it answered, with an error. A client that is to go on has to make
#            an attempt of its own for each host.
# Source:    PostgreSQL documentation, 34.1.1.3, Specifying Multiple Hosts.
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
"${as[@]}" "$bin/pg_ctl" -D "$work/data" -o "-c listen_addresses= -c unix_socket_directories=$work -c max_connections=3 -c superuser_reserved_connections=0 -c max_wal_senders=0" -l "$work/log" -w start >/dev/null
export PGHOST="$work" PGUSER=probe PGDATABASE=postgres
query() { "$bin/psql" -X -A -t -q "$@"; }
mkdir second
if [ "$(id -u)" -eq 0 ]; then chown postgres second; fi
"${as[@]}" "$bin/initdb" -D "$work/data2" -U probe -A trust >/dev/null
"${as[@]}" "$bin/pg_ctl" -D "$work/data2" -o "-c listen_addresses= -c unix_socket_directories=$work/second" -l "$work/log2" -w start >/dev/null
trap 'for data in data data2; do "${as[@]}" "$bin/pg_ctl" -D "$work/$data" -m immediate stop >/dev/null 2>&1 || true; done; rm -rf "$work"' EXIT
query -h "$work/second" -c 'CREATE ROLE app LOGIN' -c 'CREATE DATABASE app'
query -c 'CREATE ROLE rejected LOGIN' -h "$work/second"
query -c 'CREATE ROLE rejected LOGIN'
sed -i '1i local all rejected reject' "$work/data/pg_hba.conf"
query -c 'SELECT pg_reload_conf()' >/dev/null
until [[ "$(query -U rejected -c 'SELECT' 2>&1 || true)" == *rejects* ]]; do sleep 0.05; done
attempt() {
  result="$(query "host=$work,$work/second ${*:2}" -c "SELECT current_setting('unix_socket_directories')" 2>&1 | tail -n 1)"
  case "$result" in
    "$work") result='the first' ;;
    "$work/second") result='the second' ;;
    *) result="$(sed 's/^.*FATAL:  //; s/ for host.*//' <<<"$result")" ;;
  esac
  echo "$1: $result"
}
seen="$(
attempt 'both accept'
attempt 'role not at the first' user=app dbname=postgres
attempt 'database not at the first' dbname=app
attempt 'rejected by the first' user=rejected dbname=postgres
query -c 'ALTER SYSTEM SET default_transaction_read_only = on' -c 'SELECT pg_reload_conf()' >/dev/null
until [ "$(query -c 'SHOW default_transaction_read_only')" = on ]; do sleep 0.05; done
attempt 'the first is read-only' target_session_attrs=read-write dbname=postgres
until [[ "$(query -c 'SELECT 1' 2>&1 || true)" == *'too many'* ]]; do
  query -c 'SELECT pg_sleep(60)' >/dev/null 2>&1 &
  sleep 0.1
done
attempt 'the first is full' dbname=postgres
attempt 'the first is full' target_session_attrs=prefer-standby dbname=postgres
"${as[@]}" "$bin/pg_ctl" -D "$work/data" -m immediate stop >/dev/null
attempt 'the first is stopped' dbname=postgres
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
both accept: the first
role not at the first: role "app" does not exist
database not at the first: database "app" does not exist
rejected by the first: pg_hba.conf rejects connection
the first is read-only: the second
the first is full: sorry, too many clients already
the first is full: sorry, too many clients already
the first is stopped: the second
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: libpq does not try the next host if the first has no connection left, does not know the user or the database, or rejects the client"
