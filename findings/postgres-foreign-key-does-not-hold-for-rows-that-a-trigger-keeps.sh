#!/usr/bin/env bash
# What does a foreign key with ON DELETE CASCADE do with rows that a trigger does not let anybody delete (RETURN NULL)?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     The DELETE fails, or deletes nothing: a foreign key holds whatever else is on the table, and the trigger keeps the row that refers.
# Behaviour: The referenced row is deleted, the audit row is kept, and refers to nothing; no error, and pg_constraint lists the key as validated. The same with
#            ON DELETE SET NULL and a trigger that returns OLD. The damage is noticed when the dump is restored: the key cannot be created. With
#            RAISE EXCEPTION in place of RETURN NULL the DELETE fails.
# Why the guess is wrong: the cascade is an ordinary DELETE whose triggers run, and it does not look whether its rows are gone afterwards. RETURN NULL means
#            "nothing to do for this row", and is not an error.
# Source:    PostgreSQL documentation, CREATE TRIGGER, compatibility ("stored data that does not honor the referential constraint").
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
CREATE FUNCTION skip_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE FUNCTION skip_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN OLD; END $$;
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'audit rows are kept'; END $$;
SQL
trial() {
  query -c "DROP TABLE IF EXISTS audit, executions" 2>/dev/null
  query -c "CREATE TABLE executions (id integer PRIMARY KEY)" -c "INSERT INTO executions VALUES (17)" \
    -c "CREATE TABLE audit (event text, execution integer REFERENCES executions ON DELETE $1)" -c "INSERT INTO audit VALUES ('charged', 17)" \
    -c "CREATE TRIGGER kept BEFORE $2 ON audit FOR EACH ROW EXECUTE FUNCTION $3()"
  echo "ON DELETE $1, $3: $("$bin/psql" -X -c 'DELETE FROM executions WHERE id = 17' 2>&1 | head -n 1)"
  echo "  audit rows that refer to no execution: $(query -c 'SELECT count(*) FROM audit WHERE NOT EXISTS (SELECT FROM executions WHERE id = execution) AND execution IS NOT NULL'); key validated: $(query -c "SELECT convalidated FROM pg_constraint WHERE contype = 'f'")"
  query -c 'DROP DATABASE IF EXISTS restored' -c 'CREATE DATABASE restored' 2>/dev/null
  "$bin/pg_dump" -Fc -f dump
  code=0
  "$bin/pg_restore" -d restored dump 2>err || code=$?
  echo "  pg_restore of its dump: exit code $code$(sed -n 's/.*ERROR: */, /p' err | head -n 1); foreign keys: $(query -d restored -c "SELECT count(*) FROM pg_constraint WHERE contype = 'f'")"
  rm dump
}
seen="$(
trial CASCADE DELETE skip_delete
trial 'SET NULL' UPDATE skip_update
trial CASCADE DELETE refuse
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
ON DELETE CASCADE, skip_delete: DELETE 1
  audit rows that refer to no execution: 1; key validated: t
  pg_restore of its dump: exit code 1, insert or update on table "audit" violates foreign key constraint "audit_execution_fkey"; foreign keys: 0
ON DELETE SET NULL, skip_update: DELETE 1
  audit rows that refer to no execution: 1; key validated: t
  pg_restore of its dump: exit code 1, insert or update on table "audit" violates foreign key constraint "audit_execution_fkey"; foreign keys: 0
ON DELETE CASCADE, refuse: ERROR:  audit rows are kept
  audit rows that refer to no execution: 0; key validated: t
  pg_restore of its dump: exit code 0; foreign keys: 1
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a trigger that returns NULL leaves rows behind whose foreign key refers to nothing, and the dump of that database cannot be restored whole"
