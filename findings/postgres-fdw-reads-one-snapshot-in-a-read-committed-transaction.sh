#!/usr/bin/env bash
# What does a transaction at READ COMMITTED see of a foreign table that others change meanwhile?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql, with contrib): postgres_fdw.
# Guess:     What is committed when each statement begins, as of a table of its own; an UPDATE of a row that was changed meanwhile takes the new version.
# Behaviour: What was committed at its first statement on that server: a loop that waits for a result there never sees it. An UPDATE of a row that
#            was changed meanwhile fails with 40001, which code for READ COMMITTED does not expect. Local tables in the same transaction
#            show the new state, so that the two do not fit together.
# Why the guess is wrong: postgres_fdw opens its transaction there at REPEATABLE READ whenever the local one is not SERIALIZABLE, so that several
#            scans of one statement agree.
# Source:    PostgreSQL documentation, postgres_fdw, Transaction Management; contrib/postgres_fdw/connection.c, begin_remote_xact.
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
query -c 'CREATE DATABASE provider'
query -d provider -c "CREATE TABLE results (id integer PRIMARY KEY, status text)" -c "INSERT INTO results VALUES (1, 'pending')"
query <<SQL
CREATE TABLE results (id integer PRIMARY KEY, status text);
INSERT INTO results VALUES (1, 'pending');
CREATE EXTENSION postgres_fdw;
CREATE SERVER provider FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '$work', dbname 'provider');
CREATE USER MAPPING FOR probe SERVER provider OPTIONS (user 'probe');
CREATE FOREIGN TABLE remote_results (id integer, status text) SERVER provider OPTIONS (table_name 'results');
SQL
# Another session changes both in between, and commits.
cat >other.sh <<SH
for database in postgres provider; do
  "$bin/psql" -X -q -d "\$database" -c "UPDATE results SET status = 'done'"
done
SH
trial() {
  for database in postgres provider; do query -d "$database" -c "UPDATE results SET status = 'pending'"; done
  query -v VERBOSITY=sqlstate -c 'BEGIN ISOLATION LEVEL READ COMMITTED' -c "SELECT status FROM $1" -c '\! bash other.sh' -c "$2" -c COMMIT 2>&1 | sed -n '2p'
}
seen="$(
for table in results remote_results; do
  echo "$table, SELECT after the change: $(trial "$table" "SELECT status FROM $table")"
  echo "$table, UPDATE after the change: $(trial "$table" "UPDATE $table SET status = 'refunded' WHERE id = 1 RETURNING status")"
done
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
results, SELECT after the change: done
results, UPDATE after the change: refunded
remote_results, SELECT after the change: pending
remote_results, UPDATE after the change: ERROR:  40001
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a transaction at READ COMMITTED sees a foreign table of postgres_fdw as it was at its first statement there, and an UPDATE fails with 40001"
