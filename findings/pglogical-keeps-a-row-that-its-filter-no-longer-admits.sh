#!/usr/bin/env bash
# What becomes of a replicated row that no longer satisfies the filter of its table, and of a row that the subscriber has already?
#
# Versions:  pglogical 2.4.2 and PostgreSQL 15.19 of Debian 12 (postgresql-15-pglogical, postgresql), with its defaults and track_commit_timestamp; beside it the publication of PostgreSQL 15 itself (WHERE).
# Guess:     The row leaves the subscriber: a filter "status = 'waiting'" shows the jobs that wait. A second row with a key that is there stops the subscription with an error, as in PostgreSQL.
# Behaviour: With pglogical the row stays as it was: a worker on the subscriber finds a job that waits for ever, though it was done, and does it again; its DELETE, too, does not arrive. PostgreSQL
#            turns the UPDATE into a DELETE. The row that the subscriber has under the same key is overwritten without an error; PostgreSQL stops until somebody decides.
# Why the guess is wrong: pglogical tests the new row only (of a DELETE the old one), and drops the change when it fails. Its conflict_resolution is apply_remote by default, and the conflict is logged at the level LOG.
# Source:    pglogical at REL2_4_2, pglogical_output_plugin.c, pglogical_change_filter (newtup ? newtup : oldtup); docs/README.md, "Conflicts" and "Configuration options" (pglogical.conflict_resolution, conflict_log_level);
#            PostgreSQL 15 documentation, 31.3.3 UPDATE Transformations ("So the UPDATE is transformed into a DELETE") and 31.5 Conflicts.
# Output seen: the text in `expected` at the end.
set -euo pipefail
dpkg-query -W -f='${Version}\n' postgresql-15-pglogical 2>/dev/null | grep -q '^2\.4\.2-' || { echo "needs pglogical 2.4.2 (postgresql-15-pglogical)" >&2; exit 2; }
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
"${as[@]}" "$bin/pg_ctl" -D "$work/data" -o "-c listen_addresses= -c unix_socket_directories=$work -c wal_level=logical -c shared_preload_libraries=pglogical -c max_worker_processes=20 -c track_commit_timestamp=on -c wal_retrieve_retry_interval=200ms -c output_plugin_libraries=pgoutput,pglogical_output" -l "$work/log" -w start >/dev/null
export PGHOST="$work" PGUSER=probe PGDATABASE=postgres
query() { "$bin/psql" -X -A -t -q -v ON_ERROR_STOP=1 -d "$1" "${@:2}"; }
for database in source by_pglogical by_postgres; do
  query postgres -c "CREATE DATABASE $database"
  query "$database" -c 'CREATE TABLE jobs (id integer PRIMARY KEY, status text, amount integer)'
done
at() { echo "host=$work user=probe dbname=$1"; }
query source -c 'CREATE EXTENSION pglogical' -c "SELECT pglogical.create_node('source', '$(at source)')" \
  -c "SELECT pglogical.replication_set_add_table('default', 'jobs', false, NULL, \$\$status = 'waiting'\$\$)" \
  -c "CREATE PUBLICATION jobs FOR TABLE jobs WHERE (status = 'waiting')" >/dev/null
# PostgreSQL wants the columns of the filter in the identity of the row.
query source -c "ALTER TABLE jobs REPLICA IDENTITY FULL"
query source -c "SELECT pg_create_logical_replication_slot('by_postgres', 'pgoutput')" >/dev/null
query by_postgres -c "CREATE SUBSCRIPTION jobs CONNECTION '$(at source)' PUBLICATION jobs WITH (create_slot = false, slot_name = by_postgres, copy_data = false)" 2>/dev/null
query by_pglogical -c 'CREATE EXTENSION pglogical' -c "SELECT pglogical.create_node('copy', '$(at by_pglogical)')" \
  -c "SELECT pglogical.create_subscription('copy', '$(at source)', synchronize_structure := false, synchronize_data := false)" -c "SELECT pglogical.wait_for_subscription_sync_complete('copy')" >/dev/null
# Waits until a row that is written now is there, so that what was written before it is decided.
mark=100
passed() {
  mark=$((mark + 1))
  query source -c "INSERT INTO jobs VALUES ($mark, 'waiting', 0)"
  for _ in $(seq 300); do
    if [ "$(query "$1" -c "SELECT count(*) FROM jobs WHERE id = $mark")" = 1 ]; then return; fi
    sleep 0.1
  done
  echo "not passed"
}
rows() { query "$1" -c "SELECT coalesce(string_agg(id || ' ' || status || ' ' || amount, ', ' ORDER BY id), 'none') FROM jobs WHERE id < 100"; }
both() { for copy in by_postgres by_pglogical; do passed "$copy"; done; echo "$1: source $(rows source); PostgreSQL $(rows by_postgres); pglogical $(rows by_pglogical)"; }
seen="$(
query source -c "INSERT INTO jobs VALUES (1, 'waiting', 10)"
both 'a job waits'
mark=200
query source -c "UPDATE jobs SET status = 'done' WHERE id = 1"
both 'it is done'
mark=300
query source -c "DELETE FROM jobs WHERE id = 1"
both 'it is deleted'
for copy in by_postgres by_pglogical; do query "$copy" -c "INSERT INTO jobs VALUES (2, 'paid', 500)"; done
query source -c "INSERT INTO jobs VALUES (2, 'waiting', 7)"
mark=400
passed by_pglogical
for _ in $(seq 100); do if grep -q 'duplicate key value violates unique constraint' log; then break; fi; sleep 0.1; done
echo "the copies have row 2 as paid 500, and the source inserts it as waiting 7: PostgreSQL $(rows by_postgres), errors in the log $(grep -c 'duplicate key value' log | sed 's/^[1-9].*/some/'); pglogical $(rows by_pglogical)"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
a job waits: source 1 waiting 10; PostgreSQL 1 waiting 10; pglogical 1 waiting 10
it is done: source 1 done 10; PostgreSQL none; pglogical 1 waiting 10
it is deleted: source none; PostgreSQL none; pglogical 1 waiting 10
the copies have row 2 as paid 500, and the source inserts it as waiting 7: PostgreSQL 2 paid 500, errors in the log some; pglogical 1 waiting 10, 2 waiting 7
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: pglogical keeps a row on the subscriber that its filter no longer admits, and overwrites a row that the subscriber has under the same key"
