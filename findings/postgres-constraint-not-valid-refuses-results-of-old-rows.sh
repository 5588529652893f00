#!/usr/bin/env bash
# Can the result of an execution be stored whose row violates a CHECK constraint that was added NOT VALID, if the result is in another column?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     Yes: NOT VALID leaves the rows that are there alone, until VALIDATE CONSTRAINT; it concerns new rows, and changes of that column.
# Behaviour: No: each UPDATE of such a row fails, whatever column it changes, also one that writes nothing new. Executions that were open when the constraint was added
#            cannot end any more: "new row … violates check constraint". A foreign key that was added NOT VALID does leave them alone.
# Why the guess is wrong: an UPDATE stores a new version of the whole row, and each new version is checked by every CHECK. NOT VALID omits only the scan at the beginning. A foreign key
#            is checked if its columns change.
# Source:    PostgreSQL documentation, ALTER TABLE (NOT VALID: "the constraint will still be enforced against subsequent inserts or updates");
#            src/backend/executor/execMain.c, ExecRelCheck.
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
query <<'SQL'
CREATE TABLE apps (name text PRIMARY KEY);
CREATE TABLE executions (id integer PRIMARY KEY, app text, result text);
INSERT INTO executions VALUES (1, NULL, NULL), (2, 'unknown', NULL);
ALTER TABLE executions ADD CONSTRAINT has_app CHECK (app IS NOT NULL) NOT VALID;
ALTER TABLE executions ADD CONSTRAINT known_app FOREIGN KEY (app) REFERENCES apps NOT VALID;
SQL
trial() { echo "$1: $("$bin/psql" -X -A -t -c "$1" 2>&1 | head -n 1)"; }
seen="$(
trial "UPDATE executions SET result = 'done' WHERE id = 1"
trial 'UPDATE executions SET result = result WHERE id = 1'
trial "UPDATE executions SET result = 'done' WHERE id = 2"
trial "UPDATE executions SET app = 'other' WHERE id = 2"
trial 'ALTER TABLE executions DROP CONSTRAINT has_app'
trial "UPDATE executions SET result = 'done' WHERE id = 1"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
UPDATE executions SET result = 'done' WHERE id = 1: ERROR:  new row for relation "executions" violates check constraint "has_app"
UPDATE executions SET result = result WHERE id = 1: ERROR:  new row for relation "executions" violates check constraint "has_app"
UPDATE executions SET result = 'done' WHERE id = 2: UPDATE 1
UPDATE executions SET app = 'other' WHERE id = 2: ERROR:  insert or update on table "executions" violates foreign key constraint "known_app"
ALTER TABLE executions DROP CONSTRAINT has_app: ALTER TABLE
UPDATE executions SET result = 'done' WHERE id = 1: UPDATE 1
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a CHECK constraint that was added NOT VALID refuses every UPDATE of an old row that violates it, whatever column the UPDATE changes"
