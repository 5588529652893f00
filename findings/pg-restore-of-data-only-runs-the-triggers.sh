#!/usr/bin/env bash
# What does pg_restore --data-only do in a database whose schema was made by the migrations, if a trigger of the table writes an outbox?
#
# Versions:  pg_dump and pg_restore 15 of Debian 12 (postgresql).
# Guess:     The rows as they were in the dump: a restore restores a state, as the restore of the whole dump does.
# Behaviour: The triggers run for each row. The outbox, which was empty because all callbacks were delivered, has a callback for each execution, and they are sent again; a trigger for a time of change writes the time of
#            the restore. The exit code is 0. The whole dump restores the state, and so does --disable-triggers, which needs a superuser.
# Why the guess is wrong: a whole dump makes the triggers after the data. With --data-only the triggers are there already, and COPY runs them as it does for anybody.
# Source:    PostgreSQL documentation, pg_restore, --disable-triggers; COPY ("will invoke any triggers").
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
cat >schema.sql <<'SQL'
CREATE TABLE executions (id integer PRIMARY KEY, status text NOT NULL, changed_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE outbox (number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, execution integer NOT NULL, callback text NOT NULL);
CREATE FUNCTION changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.changed_at := now(); RETURN NEW; END $$;
CREATE TRIGGER changed BEFORE INSERT OR UPDATE ON executions FOR EACH ROW EXECUTE FUNCTION changed();
CREATE FUNCTION send() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.outbox (execution, callback) VALUES (NEW.id, NEW.status); RETURN NULL; END $$;
CREATE TRIGGER send AFTER INSERT OR UPDATE ON executions FOR EACH ROW EXECUTE FUNCTION send();
SQL
query -f schema.sql
query <<'SQL'
INSERT INTO executions VALUES (1, 'done'), (2, 'done'), (3, 'failed');
-- The callbacks were delivered.
DELETE FROM outbox;
SQL
"$bin/pg_dump" -Fc -f dump postgres
trial() {
  query -c 'DROP DATABASE IF EXISTS copy' -c 'CREATE DATABASE copy' 2>/dev/null
  if [ "$2" = schema ]; then query -d copy -f schema.sql; fi
  code=0
  "$bin/pg_restore" -d copy "${@:3}" dump 2>errors || code=$?
  echo "$1: exit code $code; executions $(query -d copy -c 'SELECT count(*) FROM executions'), of which with the time of the restore $(query -d copy -c "SELECT count(*) FROM executions WHERE changed_at > '$before'"), callbacks to send $(query -d copy -c 'SELECT count(*) FROM outbox')"
}
before="$(query -c 'SELECT clock_timestamp()')"
seen="$(
trial 'the whole dump' empty
trial 'data only, into the schema of the migrations' schema --data-only
trial 'data only, with --disable-triggers' schema --data-only --disable-triggers
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
the whole dump: exit code 0; executions 3, of which with the time of the restore 0, callbacks to send 0
data only, into the schema of the migrations: exit code 0; executions 3, of which with the time of the restore 3, callbacks to send 3
data only, with --disable-triggers: exit code 0; executions 3, of which with the time of the restore 0, callbacks to send 0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: pg_restore --data-only runs the triggers of the tables for each row: an outbox is filled with callbacks that were delivered"
