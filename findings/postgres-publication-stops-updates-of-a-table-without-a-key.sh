#!/usr/bin/env bash
# What does CREATE PUBLICATION … FOR ALL TABLES do to the writers of the database, before anybody has subscribed, and with wal_level = replica?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     Nothing: it is a list of tables for a subscriber to come. A table without a primary key is not replicated completely, or fails at the subscriber.
# Behaviour: Every UPDATE and DELETE of a table without a primary key fails from that moment on, in the publishing database. CREATE PUBLICATION succeeds; its only warning is about wal_level. INSERT works, so that the
#            service stores jobs and cannot complete them. A table that a later migration makes fails as well, where a publication exists: in production, and not in the test.
# Why the guess is wrong: the publisher checks at each UPDATE whether it could describe the old row to a subscriber (replica identity), whether or not there is one.
# Source:    PostgreSQL documentation, 31.1 (publication: "subsequent UPDATE or DELETE operations will cause an error on the publisher"); src/backend/executor/execReplication.c, CheckCmdReplicaIdentity.
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
CREATE TABLE charges (key text PRIMARY KEY, status text);
CREATE TABLE attempts (key text, status text);
INSERT INTO charges VALUES ('order-1', 'pending');
INSERT INTO attempts VALUES ('order-1', 'pending');
SQL
run() { if out="$(query -c "$1" 2>&1)"; then echo works; else sed -n '1s/^ERROR:  //p' <<<"$out"; fi; }
trial() {
  echo "$1, INSERT INTO attempts: $(run "INSERT INTO attempts VALUES ('order-2', 'pending')")"
  echo "$1, UPDATE attempts: $(run "UPDATE attempts SET status = 'done' WHERE key = 'order-1'")"
  echo "$1, DELETE FROM attempts: $(run "DELETE FROM attempts WHERE key = 'order-2'")"
  echo "$1, UPDATE charges, which has a primary key: $(run "UPDATE charges SET status = 'done'")"
}
seen="$(
echo "wal_level $(query -c 'SHOW wal_level')"
trial before
echo "CREATE PUBLICATION: $(query -c 'CREATE PUBLICATION changes FOR ALL TABLES' 2>&1 | sed -n '1p')"
trial 'with the publication, without any subscription'
query -c 'CREATE TABLE results (key text, status text)' -c "INSERT INTO results VALUES ('order-1', 'pending')"
echo "a table that a later migration makes: $(run "UPDATE results SET status = 'done'")"
query -c 'DROP PUBLICATION changes' -c 'CREATE PUBLICATION changes FOR ALL TABLES' >/dev/null 2>&1
query -c 'ALTER TABLE attempts REPLICA IDENTITY FULL'
echo "with REPLICA IDENTITY FULL: $(run "UPDATE attempts SET status = 'done'")"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
wal_level replica
before, INSERT INTO attempts: works
before, UPDATE attempts: works
before, DELETE FROM attempts: works
before, UPDATE charges, which has a primary key: works
CREATE PUBLICATION: WARNING:  wal_level is insufficient to publish logical changes
with the publication, without any subscription, INSERT INTO attempts: works
with the publication, without any subscription, UPDATE attempts: cannot update table "attempts" because it does not have a replica identity and publishes updates
with the publication, without any subscription, DELETE FROM attempts: cannot delete from table "attempts" because it does not have a replica identity and publishes deletes
with the publication, without any subscription, UPDATE charges, which has a primary key: works
a table that a later migration makes: cannot update table "results" because it does not have a replica identity and publishes updates
with REPLICA IDENTITY FULL: works
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a publication FOR ALL TABLES makes every UPDATE and DELETE of a table without a primary key fail, although nobody has subscribed"
