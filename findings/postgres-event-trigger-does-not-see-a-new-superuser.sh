#!/usr/bin/env bash
# Which statements does an event trigger ON ddl_command_end record that is to keep an audit trail of all DDL?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     All of them; CREATE ROLE, GRANT of a role and ALTER SYSTEM are what an auditor looks for first.
# Behaviour: Those on objects of its own database: tables, functions, GRANT on a table. It is silent about CREATE, ALTER, DROP and COMMENT of roles and databases, about the GRANT of a role, about ALTER SYSTEM,
#            TRUNCATE, and about statements on event triggers, its own ALTER EVENT TRIGGER … DISABLE included. DROP TABLE is recorded without a name.
# Why the guess is wrong: event triggers belong to one database; objects that all databases share, and commands about event triggers, are left out on purpose. TRUNCATE
#            and ALTER SYSTEM count as no DDL here. Names of dropped objects are in another event, sql_drop.
# Source:    PostgreSQL documentation, 40.1, Overview of Event Trigger Behavior ("shared objects").
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
CREATE TABLE ddl (tag text, objects text);
CREATE FUNCTION record() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO ddl SELECT tg_tag, coalesce(string_agg(object_identity, ' '), 'no name') FROM pg_event_trigger_ddl_commands(); END $$;
CREATE ROLE app;
CREATE EVENT TRIGGER audit ON ddl_command_end EXECUTE FUNCTION record();
SQL
trial() { echo "$1: $(query -q -c "$1" -c "DELETE FROM ddl RETURNING tag || ' ' || objects" | grep . || echo 'not recorded')"; }
seen="$(
trial 'CREATE TABLE charges (id integer)'
trial 'GRANT SELECT ON charges TO app'
trial 'SELECT 1 AS id INTO copies'
trial 'ALTER TABLE charges ADD amount numeric'
trial 'DROP TABLE copies'
trial 'TRUNCATE charges'
trial 'CREATE ROLE intruder SUPERUSER LOGIN'
trial 'GRANT pg_write_all_data TO app'
trial 'ALTER ROLE app SUPERUSER'
trial "ALTER ROLE app SET statement_timeout = 0"
trial "COMMENT ON ROLE app IS 'none'"
trial 'DROP ROLE intruder'
trial 'CREATE DATABASE elsewhere'
trial "ALTER SYSTEM SET archive_mode = off"
trial 'ALTER EVENT TRIGGER audit DISABLE'
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
CREATE TABLE charges (id integer): CREATE TABLE public.charges
GRANT SELECT ON charges TO app: GRANT no name
SELECT 1 AS id INTO copies: SELECT INTO public.copies
ALTER TABLE charges ADD amount numeric: ALTER TABLE public.charges
DROP TABLE copies: DROP TABLE no name
TRUNCATE charges: not recorded
CREATE ROLE intruder SUPERUSER LOGIN: not recorded
GRANT pg_write_all_data TO app: not recorded
ALTER ROLE app SUPERUSER: not recorded
ALTER ROLE app SET statement_timeout = 0: not recorded
COMMENT ON ROLE app IS 'none': not recorded
DROP ROLE intruder: not recorded
CREATE DATABASE elsewhere: not recorded
ALTER SYSTEM SET archive_mode = off: not recorded
ALTER EVENT TRIGGER audit DISABLE: not recorded
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: an event trigger on DDL does not see CREATE ROLE, the GRANT of a role, ALTER SYSTEM, TRUNCATE, or that it is disabled"
