#!/usr/bin/env bash
# Which lines of pgAudit tell a charge that was stored from one that was not?
#
# Versions:  pgAudit 1.7.0 and PostgreSQL 15 of Debian 12 (postgresql-15-pgaudit, postgresql): pgaudit.log = write.
# Guess:     Only what was stored is in the log, as in an audit table; or a failed statement is marked.
# Behaviour: None: an INSERT that was committed, one that was rolled back, and one that failed with a duplicate key leave the same line. TRUNCATE … CASCADE names the
#            one table of the statement, not those that it empties beside it; the rows of a DELETE that a foreign key causes are there.
# Why the guess is wrong: pgAudit writes a line before the statement is carried out, into the log of the server, which has no transactions. It records
#            what was attempted.
# Source:    pgAudit README, session audit logging; pgaudit.c, pgaudit_ExecutorCheckPerms_hook.
# Output seen: the text in `expected` at the end.
set -euo pipefail
bin="$(find /usr/lib/postgresql/15/bin -maxdepth 0 2>/dev/null)" || { echo "needs PostgreSQL 15 of Debian" >&2; exit 2; }
[ -e /usr/lib/postgresql/15/lib/pgaudit.so ] || { echo "needs postgresql-15-pgaudit" >&2; exit 2; }
case "$(dpkg-query -W -f '${Version}' postgresql-15-pgaudit)" in 1.7.0*) ;; *) echo "needs pgAudit 1.7.0" >&2; exit 2 ;; esac
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
"${as[@]}" "$bin/pg_ctl" -D "$work/data" -o "-c listen_addresses= -c unix_socket_directories=$work -c shared_preload_libraries=pgaudit -c pgaudit.log=write -c log_line_prefix=%x:" -l "$work/log" -w start >/dev/null
export PGHOST="$work" PGUSER=probe PGDATABASE=postgres
query() { "$bin/psql" -X -A -t -q "$@"; }
query -c 'CREATE EXTENSION pgaudit' -c 'CREATE TABLE charges (key text PRIMARY KEY)' -c 'CREATE TABLE parts (key text REFERENCES charges ON DELETE CASCADE)'
trial() {
  before="$(grep -c AUDIT: log || true)"
  query "${@:2}" >/dev/null 2>&1 || true
  echo "$1: $(grep AUDIT: log | tail -n "+$((before + 1))" | sed 's/^.*AUDIT: SESSION,[0-9]*,[0-9]*,//;s/,,,/ /;s/,<not logged>//' | paste -sd '|')"
}
seen="$(
trial 'committed' -c "INSERT INTO charges VALUES ('order-1')"
trial 'a duplicate key' -c "INSERT INTO charges VALUES ('order-1')"
trial 'rolled back' -c BEGIN -c "INSERT INTO charges VALUES ('order-1')" -c ROLLBACK
echo "rows: $(query -c 'SELECT count(*) FROM charges')"
query -c "INSERT INTO parts VALUES ('order-1')"
trial 'DELETE in two tables' -c "DELETE FROM charges"
trial 'TRUNCATE that empties two tables' -c 'TRUNCATE charges CASCADE'
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
committed: WRITE,INSERT INSERT INTO charges VALUES ('order-1')
a duplicate key: WRITE,INSERT INSERT INTO charges VALUES ('order-1')
rolled back: WRITE,INSERT INSERT INTO charges VALUES ('order-1')
rows: 1
DELETE in two tables: WRITE,DELETE DELETE FROM charges|WRITE,DELETE "DELETE FROM ONLY ""public"".""parts"" WHERE $1 OPERATOR(pg_catalog.=) ""key"""
TRUNCATE that empties two tables: WRITE,TRUNCATE TABLE TRUNCATE charges CASCADE
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: pgAudit writes the same line for an INSERT that is committed, that is rolled back, and that fails"
