#!/usr/bin/env bash
# Does a trigger AFTER UPDATE OF status run whenever the status of a row has changed?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     Yes: that is what the words say. It runs after the row was changed, so that it knows what was changed.
# Behaviour: Not if a BEFORE trigger has changed it: the third attempt that makes a status "failed" leaves nothing in the audit trail. It does run for SET status = status, which changes nothing. WHEN
#            (OLD.status IS DISTINCT FROM NEW.status) without OF is right in both cases.
# Why the guess is wrong: OF asks for the columns that the statement names behind SET, not for those whose value is another one.
# Source:    PostgreSQL documentation, CREATE TRIGGER ("changes made to the row's contents by BEFORE UPDATE triggers are not considered"), 39.1.
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
CREATE TABLE executions (id integer PRIMARY KEY, attempts integer NOT NULL DEFAULT 0, status text NOT NULL DEFAULT 'pending');
CREATE TABLE audit_of (number integer GENERATED ALWAYS AS IDENTITY, change text NOT NULL);
CREATE TABLE audit_when (LIKE audit_of INCLUDING ALL);
INSERT INTO executions (id) VALUES (1);
CREATE FUNCTION give_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.attempts >= 3 THEN NEW.status := 'failed'; END IF; RETURN NEW; END $$;
CREATE TRIGGER give_up BEFORE UPDATE ON executions FOR EACH ROW EXECUTE FUNCTION give_up();
CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE format('INSERT INTO %I (change) VALUES ($1)', TG_ARGV[0]) USING OLD.status || ' to ' || NEW.status; RETURN NULL; END $$;
CREATE TRIGGER audit_of AFTER UPDATE OF status ON executions FOR EACH ROW EXECUTE FUNCTION audit('audit_of');
CREATE TRIGGER audit_when AFTER UPDATE ON executions FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION audit('audit_when');
SQL
trial() {
  query -c 'TRUNCATE audit_of, audit_when' -c "UPDATE executions SET $1"
  echo "SET $1: status $(query -c 'SELECT status FROM executions'); AFTER UPDATE OF status: $(query -c "SELECT coalesce(string_agg(change, ', '), 'nothing') FROM audit_of"); WHEN (OLD.status IS DISTINCT FROM NEW.status): $(query -c "SELECT coalesce(string_agg(change, ', '), 'nothing') FROM audit_when")"
}
seen="$(
trial "status = 'running'"
trial 'attempts = 3'
trial "attempts = 0, status = 'pending'"
trial "attempts = 1, status = status"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
SET status = 'running': status running; AFTER UPDATE OF status: pending to running; WHEN (OLD.status IS DISTINCT FROM NEW.status): pending to running
SET attempts = 3: status failed; AFTER UPDATE OF status: nothing; WHEN (OLD.status IS DISTINCT FROM NEW.status): running to failed
SET attempts = 0, status = 'pending': status pending; AFTER UPDATE OF status: failed to pending; WHEN (OLD.status IS DISTINCT FROM NEW.status): failed to pending
SET attempts = 1, status = status: status pending; AFTER UPDATE OF status: pending to pending; WHEN (OLD.status IS DISTINCT FROM NEW.status): nothing
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: AFTER UPDATE OF status does not run for a status that a BEFORE trigger has set, and runs for SET status = status"
