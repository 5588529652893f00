#!/usr/bin/env bash
# What does a trigger that forbids UPDATE and DELETE of an audit table do on a subscriber of logical replication?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql), publisher and subscriber as two databases of one server.
# Guess:     It raises its error: the worker stops and shows the conflict, and the trail of the subscriber is safe against changes of the
#            publisher.
# Behaviour: Nothing. The changed row and the deletion are applied, and no error is counted. A session that does the same gets the error.
#            Foreign keys are not checked either: a row without its parent is applied. With ENABLE ALWAYS TRIGGER the trigger holds, and the
#            worker fails and repeats.
# Why the guess is wrong: the worker runs with session_replication_role = replica, in which triggers that are enabled in the usual way do not
#            run; the checks of foreign keys are triggers, too. pg_dump keeps ENABLE ALWAYS, so that it can be part of the schema.
# Source:    PostgreSQL documentation, logical replication, architecture (session_replication_role), and ALTER TABLE, ENABLE ALWAYS TRIGGER.
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
trap '"${as[@]}" "$bin/pg_ctl" -D "$work/data" -m immediate stop >/dev/null 2>&1; rm -rf "$work"' EXIT
cd "$work"
"${as[@]}" "$bin/initdb" -D "$work/data" -U probe -A trust >/dev/null
start() { "${as[@]}" "$bin/pg_ctl" -D "$work/data" -o "-c listen_addresses= -c unix_socket_directories=$work -c wal_level=logical" -l "$work/log" -w start >/dev/null; }
start
export PGHOST="$work" PGUSER=probe PGDATABASE=postgres
query() { "$bin/psql" -X -A -t -q "$@"; }
query -c 'CREATE DATABASE subscriber'
for name in postgres subscriber; do
  query -d "$name" -c 'CREATE TABLE executions (id integer PRIMARY KEY)' \
    -c 'CREATE TABLE audit (id integer PRIMARY KEY, execution integer, entry text)'
done
query -d subscriber <<'SQL'
ALTER TABLE audit ADD FOREIGN KEY (execution) REFERENCES executions;
INSERT INTO executions VALUES (1);
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'append only'; END $$;
CREATE TRIGGER audit_keep BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION refuse();
SQL
query -c 'CREATE PUBLICATION trail FOR TABLE audit' -c "SELECT 1 FROM pg_create_logical_replication_slot('trail', 'pgoutput')" >/dev/null
query -d subscriber -c "CREATE SUBSCRIPTION trail CONNECTION 'host=$work user=probe dbname=postgres' PUBLICATION trail WITH (create_slot = false)"
# Waits until the table of the subscriber has the rows, or an error was counted.
until_it_has() {
  for _ in $(seq 300); do
    if [ "$(rows)" = "$1" ]; then return; fi
    if [ "$(query -d subscriber -c 'SELECT apply_error_count > 0 FROM pg_stat_subscription_stats')" = t ]; then return; fi
    sleep 0.1
  done
}
rows() { query -d subscriber -F ' ' -c 'SELECT execution, entry FROM audit ORDER BY id' | paste -sd,; }
show() { echo "$(rows); errors $(query -d subscriber -c "SELECT CASE WHEN apply_error_count > 0 THEN 'counted' ELSE 'none' END FROM pg_stat_subscription_stats")"; }
seen="$(
query -c "INSERT INTO audit VALUES (1, 1, 'accepted'), (2, 99, 'without a parent')"
until_it_has '1 accepted,99 without a parent'
echo "INSERT: $(show)"
echo "a session of the subscriber: $(query -d subscriber -c "UPDATE audit SET entry = 'changed'" 2>&1 | sed -n '1s/^ERROR:  //p')"
query -c "UPDATE audit SET entry = 'changed' WHERE id = 1" -c 'DELETE FROM audit WHERE id = 2'
until_it_has '1 changed'
echo "UPDATE and DELETE: $(show)"
query -d subscriber -c 'ALTER TABLE audit ENABLE ALWAYS TRIGGER audit_keep'
query -c "UPDATE audit SET entry = 'changed again' WHERE id = 1"
until_it_has '1 changed again'
echo "UPDATE with ENABLE ALWAYS: $(show)"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
INSERT: 1 accepted,99 without a parent; errors none
a session of the subscriber: append only
UPDATE and DELETE: 1 changed; errors none
UPDATE with ENABLE ALWAYS: 1 changed; errors counted
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: logical replication of PostgreSQL changes and deletes rows that an append-only trigger of the subscriber protects"
