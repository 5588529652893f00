#!/usr/bin/env bash
# Whom does an audit trigger that runs at COMMIT record as current_user, after SET ROLE for one statement or in a function with SECURITY DEFINER?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     The role that made the change, as the same trigger records it when it is not deferred: deferring changes the time, not what is recorded.
# Behaviour: The role of the moment of COMMIT. A change as "app" by SET LOCAL ROLE and one in a function of "ledger" are both recorded as the role that logged in. With
#            SET CONSTRAINTS ALL IMMEDIATE before the role is left, the right one is recorded.
# Why the guess is wrong: what is kept for a deferred trigger are the row versions and the event. Role, search_path and settings are those that the session has when the trigger
#            runs. PostgreSQL 18 keeps the role with the event; before, it must be a column that the statement itself fills.
# Source:    pgsql-hackers, 6 March 2024, the patch "Make AFTER triggers run with the correct user" ("whatever was active at commit time").
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
CREATE ROLE app;
CREATE ROLE ledger;
CREATE TABLE charges (id integer);
CREATE TABLE audit (id integer, triggered text, by text);
GRANT ALL ON charges, audit TO app, ledger;
CREATE FUNCTION record() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO audit VALUES (NEW.id, TG_NAME, current_user); RETURN NULL; END $$;
CREATE TRIGGER "at the statement" AFTER INSERT ON charges FOR EACH ROW EXECUTE FUNCTION record();
CREATE CONSTRAINT TRIGGER "at the commit" AFTER INSERT ON charges DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION record();
CREATE FUNCTION settle(integer) RETURNS void LANGUAGE sql SECURITY DEFINER AS 'INSERT INTO charges VALUES ($1)';
ALTER FUNCTION settle OWNER TO ledger;
BEGIN; SET LOCAL ROLE app; INSERT INTO charges VALUES (1); RESET ROLE; COMMIT;
BEGIN; SELECT FROM settle(2); COMMIT;
BEGIN; SET LOCAL ROLE app; INSERT INTO charges VALUES (3); SET CONSTRAINTS ALL IMMEDIATE; RESET ROLE; COMMIT;
SQL
seen="$(query -F ', ' -c 'SELECT id, triggered, by FROM audit ORDER BY id, triggered DESC')"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
1, at the statement, app
1, at the commit, probe
2, at the statement, ledger
2, at the commit, probe
3, at the statement, app
3, at the commit, app
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a deferred trigger of PostgreSQL 15 records the role at COMMIT as current_user, and not the one that made the change"
