#!/usr/bin/env bash
# Can two workers on Firebird claim one job, if each selects it with FOR UPDATE before it updates it?
#
# Versions:  Firebird 3.0.11 of Debian 12 (firebird3.0-utils, firebird3.0-server-core), isql-fb on a file without a server.
# Guess:     No: the second worker waits or gets an error, as in PostgreSQL, MariaDB and Oracle. The statement would be rejected otherwise.
# Behaviour: Yes: FOR UPDATE locks nothing. Another transaction updates the selected row and commits at once. The first one notices it at its own UPDATE at the earliest, as an error with 40001 (snapshot),
#            and in READ COMMITTED not at all: it overwrites the other claim. With WITH LOCK the other transaction fails at once.
# Why the guess is wrong: FOR UPDATE marks a cursor, and has one effect: rows are fetched one by one. The lock is a clause of its own.
# Source:    Firebird Language Reference, SELECT, FOR UPDATE ("does not do what its name suggests") and WITH LOCK.
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v isql-fb >/dev/null || { echo "needs isql-fb (firebird3.0-utils, firebird3.0-server-core)" >&2; exit 2; }
dpkg-query -W -f '${Version}' firebird3.0-utils | grep -q '^3\.0\.11\.' || { echo "needs Firebird 3.0.11" >&2; exit 2; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
export FIREBIRD_LOCK="$work" FIREBIRD_TMP="$work" ISC_USER=SYSDBA
# Its exit code tells of statements that failed, which are in its output.
isql() { isql-fb -q 2>&1 || true; }
isql <<SQL
CREATE DATABASE '$work/jobs.fdb';
CREATE TABLE jobs (id integer PRIMARY KEY, worker varchar(10));
COMMIT;
INSERT INTO jobs VALUES (1, 'nobody');
COMMIT;
SQL
# trial CLAUSE ISOLATION: one transaction selects the job; another one claims it and commits; then the first claims it.
trial() {
  echo "FOR UPDATE$1, $2"
  isql <<SQL | sed -n 's/^\(SQLSTATE\|Statement failed, SQLSTATE\) = \([0-9]*\).*/  an error: \2/p; s/^WORKER *//p'
CONNECT '$work/jobs.fdb';
SET LIST ON;
UPDATE jobs SET worker = 'nobody';
COMMIT;
SET TERM ^;
SET TRANSACTION NO WAIT ISOLATION LEVEL $2^
SELECT worker || ' (read by the first)' AS worker FROM jobs WHERE id = 1 FOR UPDATE$1^
EXECUTE BLOCK AS BEGIN IN AUTONOMOUS TRANSACTION DO UPDATE jobs SET worker = 'second' WHERE id = 1; END^
UPDATE jobs SET worker = 'first' WHERE id = 1^
COMMIT^
SELECT worker || ' (stored)' AS worker FROM jobs^
SQL
}
seen="$(
trial '' 'SNAPSHOT'
trial '' 'READ COMMITTED'
trial ' WITH LOCK' 'READ COMMITTED'
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
FOR UPDATE, SNAPSHOT
nobody (read by the first)
  an error: 40001
second (stored)
FOR UPDATE, READ COMMITTED
nobody (read by the first)
first (stored)
FOR UPDATE WITH LOCK, READ COMMITTED
nobody (read by the first)
  an error: 40001
first (stored)
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: SELECT … FOR UPDATE of Firebird locks no row; WITH LOCK does"
