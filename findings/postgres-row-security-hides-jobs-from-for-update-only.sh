#!/usr/bin/env bash
# What does SELECT … FOR UPDATE SKIP LOCKED return to a worker who may see the jobs by one policy, and has no policy for what it locks?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     An error (permission denied, or a violation of row-level security), as an UPDATE without the privilege, and an INSERT against a policy, give one.
# Behaviour: No rows, no error: the queue that SELECT shows full is empty for the worker, for ever. A policy for UPDATE that admits a status which the job does not have yet (USING (status = 'running')) has
#            the same effect, and so has SELECT … FOR SHARE. A plain UPDATE says UPDATE 0. "INSERT … ON CONFLICT DO NOTHING" of a row that the policy hides inserts nothing and
#            returns nothing, so that both a full queue and a used key look like an empty table.
# Why the guess is wrong: a lock is a kind of UPDATE. Its policies are joined by AND with those of SELECT, as a filter; only rows that are written are checked with an error.
# Source:    PostgreSQL 15 documentation, CREATE POLICY ("Using UPDATE for a policy means that it will apply to UPDATE, SELECT FOR UPDATE, and SELECT FOR SHARE commands"), table "Policies Applied by Command
#            Type" (SELECT FOR UPDATE/SHARE: "Filter existing row" for SELECT and for UPDATE). ON CONFLICT DO NOTHING on a hidden row was observed.
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
query() { "$bin/psql" -X -A -t -v VERBOSITY=terse -U "$1" -c "$2" 2>&1 | paste -s -d' '; }
query probe 'CREATE ROLE worker LOGIN' >/dev/null
query probe 'CREATE TABLE jobs (id integer PRIMARY KEY, customer text, status text)' >/dev/null
query probe "INSERT INTO jobs VALUES (1, 'a', 'waiting'), (2, 'a', 'waiting'), (3, 'b', 'waiting')" >/dev/null
query probe 'GRANT SELECT, INSERT, UPDATE ON jobs TO worker' >/dev/null
query probe 'ALTER TABLE jobs ENABLE ROW LEVEL SECURITY' >/dev/null
query probe "CREATE POLICY see ON jobs FOR SELECT USING (customer = 'a')" >/dev/null
query probe 'CREATE POLICY add ON jobs FOR INSERT WITH CHECK (true)' >/dev/null
show() {
  echo "$1: SELECT $(query worker 'SELECT count(*) FROM jobs'); FOR UPDATE SKIP LOCKED [$(query worker 'SELECT id FROM jobs ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED')]; FOR SHARE [$(query worker 'SELECT id FROM jobs ORDER BY id LIMIT 1 FOR SHARE')]; $(query worker "UPDATE jobs SET status = 'running' WHERE id = 1")"
}
seen="$(
show 'a policy for SELECT only'
query probe "CREATE POLICY run ON jobs FOR UPDATE USING (status = 'running')" >/dev/null
show 'and one for UPDATE of what runs'
query probe "DROP POLICY run ON jobs; CREATE POLICY run ON jobs FOR UPDATE USING (customer = 'a')" >/dev/null
show 'and one for UPDATE of what it sees'
echo "INSERT of id 3, which it does not see, ON CONFLICT DO NOTHING: $(query worker "INSERT INTO jobs VALUES (3, 'a', 'waiting') ON CONFLICT DO NOTHING RETURNING id"); SELECT of it: $(query worker 'SELECT count(*) FROM jobs WHERE id = 3')"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
a policy for SELECT only: SELECT 2; FOR UPDATE SKIP LOCKED []; FOR SHARE []; UPDATE 0
and one for UPDATE of what runs: SELECT 2; FOR UPDATE SKIP LOCKED []; FOR SHARE []; UPDATE 0
and one for UPDATE of what it sees: SELECT 2; FOR UPDATE SKIP LOCKED [1]; FOR SHARE [1]; UPDATE 1
INSERT of id 3, which it does not see, ON CONFLICT DO NOTHING: INSERT 0 0; SELECT of it: 0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: PostgreSQL returns no rows and no error to SELECT FOR UPDATE if a policy admits the rows for SELECT and none admits them for UPDATE"
