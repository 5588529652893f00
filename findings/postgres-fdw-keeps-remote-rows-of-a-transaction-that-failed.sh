#!/usr/bin/env bash
# What stays on the other server, when a transaction that wrote there by postgres_fdw fails at COMMIT with 40001 and is repeated?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql, with contrib): postgres_fdw, isolation level SERIALIZABLE.
# Guess:     Nothing of the first attempt: the foreign tables take part in the transaction. There is no two-phase commit, so a crash between the two
#            commits could split them, but not an error that the server itself reports.
# Behaviour: The rows of the failed attempt stay on the other server, those on this one do not. The repetition, which is what
#            40001 asks for, adds them again: one order is charged twice. A deferred constraint that fails at COMMIT does roll both back.
# Why the guess is wrong: postgres_fdw commits on the other server before the local commit, and the check for serialization failures comes after
#            that. Deferred constraints are checked earlier.
# Source:    src/backend/access/transam/xact.c, CommitTransaction (AfterTriggerFireDeferred, CallXactCallbacks, PreCommit_CheckForSerializationFailure);
#            contrib/postgres_fdw/connection.c, pgfdw_xact_callback; PostgreSQL documentation, postgres_fdw, Transaction Management.
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
query -d provider -c 'CREATE TABLE charges (key text, attempt integer)'
query <<SQL
CREATE EXTENSION postgres_fdw;
CREATE SERVER provider FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '$work', dbname 'provider');
CREATE USER MAPPING FOR probe SERVER provider OPTIONS (user 'probe');
CREATE FOREIGN TABLE remote_charges (key text, attempt integer) SERVER provider OPTIONS (table_name 'charges');
CREATE TABLE orders (key text PRIMARY KEY, state text NOT NULL);
CREATE TABLE budgets (name text PRIMARY KEY, spent integer NOT NULL);
CREATE TABLE parents (key text PRIMARY KEY);
CREATE TABLE children (key text REFERENCES parents DEFERRABLE INITIALLY DEFERRED);
INSERT INTO budgets VALUES ('a', 0), ('b', 0);
SQL
# Another transaction of the same kind, which commits in between: each reads what the other one writes.
cat >other.sql <<'SQL'
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT spent FROM budgets WHERE name = 'b';
UPDATE budgets SET spent = spent + 1 WHERE name = 'a';
COMMIT;
SQL
attempt() {
  query >/dev/null 2>"$work/error" <<SQL && result=committed || result="$(sed -n 's/^.*ERROR:  //p' "$work/error" | head -n 1)"
\set ON_ERROR_STOP 1
\set VERBOSITY sqlstate
SET enable_seqscan = off;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT spent FROM budgets WHERE name = 'a';
UPDATE budgets SET spent = spent + 1 WHERE name = 'b';
INSERT INTO orders VALUES ('order-4711', 'charged');
INSERT INTO remote_charges VALUES ('order-4711', $1);
${2:-}
COMMIT;
SQL
  echo "attempt $1: $result; orders here $(query -c 'SELECT count(*) FROM orders'), charges there $(query -d provider -c "SELECT count(*) FROM charges WHERE key = 'order-4711'")"
}
seen="$(
attempt 1 "\\! \"$bin/psql\" -X -q -c 'SET enable_seqscan = off' -f other.sql"
attempt 2
query >/dev/null 2>"$work/error" <<'SQL' || true
\set ON_ERROR_STOP 1
\set VERBOSITY sqlstate
BEGIN;
INSERT INTO remote_charges VALUES ('order-4712', 1);
INSERT INTO children VALUES ('nobody');
COMMIT;
SQL
echo "a deferred foreign key at COMMIT: $(sed -n 's/^.*ERROR:  //p' "$work/error"); charges there $(query -d provider -c "SELECT count(*) FROM charges WHERE key = 'order-4712'")"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
attempt 1: 40001; orders here 0, charges there 1
attempt 2: committed; orders here 1, charges there 2
a deferred foreign key at COMMIT: 23503; charges there 0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a COMMIT that fails with 40001 leaves the rows that postgres_fdw has written on the other server, so that the repetition writes them twice"
