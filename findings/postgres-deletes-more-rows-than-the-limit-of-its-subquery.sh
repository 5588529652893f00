#!/usr/bin/env bash
# How many jobs does DELETE … WHERE id IN (SELECT id … LIMIT 1 FOR UPDATE SKIP LOCKED) take, if no other session works?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql), with its default settings.
# Guess:     One. The subquery does not refer to the outer row, so that it is evaluated once, and LIMIT 1 is its last step.
# Behaviour: All six, if the queue had one job when its statistics were taken. With statistics of thousands of jobs the same text takes one.
#            UPDATE … RETURNING with the same condition does the same: a worker receives six jobs, and starts one.
# Why the guess is wrong: IN becomes a join. For a table that is thought to have one row, the planner joins by a nested loop with the subquery
#            inside, and runs it again for each outer row. SKIP LOCKED is what makes the repetition harmful: the row that this
#            statement has locked and deleted is passed over, and the next is returned. A test with an empty or a large table does not
#            show it. "id = (SELECT …)" and "= ANY (ARRAY(SELECT …))" are evaluated once; so is a WITH … AS MATERIALIZED.
# Source:    PostgreSQL documentation, 7.8.1 (MATERIALIZED: "to prevent duplicate computation"), and SELECT, "The Locking Clause", which does not
#            mention it; the plan that EXPLAIN shows below.
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
start() { "${as[@]}" "$bin/pg_ctl" -D "$work/data" -o "-c listen_addresses= -c unix_socket_directories=$work" -l "$work/log" -w start >/dev/null; }
start
export PGHOST="$work" PGUSER=probe PGDATABASE=postgres
query() { "$bin/psql" -X -A -t -q "$@"; }
fill() {
  query -c 'SET client_min_messages = warning' -c 'DROP TABLE IF EXISTS jobs' -c 'CREATE TABLE jobs (id integer PRIMARY KEY, payload text)' \
    -c "INSERT INTO jobs SELECT n, 'charge' FROM generate_series(1, $1) AS n" -c 'ANALYZE jobs' \
    -c "INSERT INTO jobs SELECT n, 'charge' FROM generate_series($1 + 1, $1 + 5) AS n"
}
next='SELECT id FROM jobs ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED'
taken() { query -c "WITH taken AS (DELETE FROM jobs WHERE id $1 RETURNING id) SELECT count(*) FROM taken"; }
seen="$(
fill 1
query -c "EXPLAIN (COSTS OFF) DELETE FROM jobs WHERE id IN ($next)" | head -n 2
echo "one job when analyzed, five added since: IN takes $(taken "IN ($next)")"
fill 1
echo "the same with = (SELECT …): $(taken "= ($next)")"
fill 1
echo "the same with = ANY (ARRAY(SELECT …)): $(taken "= ANY (ARRAY($next))")"
fill 1
echo "the same with MATERIALIZED: $(taken "IN (WITH one AS MATERIALIZED ($next) SELECT id FROM one)")"
fill 1
echo "UPDATE … IN takes: $(query -c "WITH taken AS (UPDATE jobs SET payload = 'started' WHERE id IN ($next) RETURNING id) SELECT count(*) FROM taken")"
fill 5000
echo "5000 jobs when analyzed: IN takes $(taken "IN ($next)")"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
Delete on jobs
  ->  Nested Loop Semi Join
one job when analyzed, five added since: IN takes 6
the same with = (SELECT …): 1
the same with = ANY (ARRAY(SELECT …)): 1
the same with MATERIALIZED: 1
UPDATE … IN takes: 6
5000 jobs when analyzed: IN takes 1
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: DELETE … WHERE id IN (SELECT … LIMIT 1 FOR UPDATE SKIP LOCKED) takes six rows of a small queue, because the planner runs the subquery once for each outer row"
