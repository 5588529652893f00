#!/usr/bin/env bash
# Which rows does IS NOT NULL find when it is asked of a whole row: LEFT JOIN results AS result … WHERE result IS NOT NULL, or job IS NOT NULL after RETURNING * INTO job?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     Those that exist: a row that was found is not null, and the row of a LEFT JOIN that found nothing is.
# Behaviour: Only rows in which every column has a value. A result without an error text is missing from the list, and a worker that asks "IF job IS NOT NULL" drops the job that it has just set to running, so that
#            nobody carries it out. Such a row is neither NULL nor NOT NULL. NOT … IS NULL, IS DISTINCT FROM NULL and FOUND are right. It shows when a column that may be empty is added.
# Why the guess is wrong: for a row IS NULL asks whether all of its columns are null, and IS NOT NULL whether all are not null; neither is the opposite of the other.
# Source:    PostgreSQL documentation, 9.2 ("IS NULL and IS NOT NULL do not always return inverse results for row-valued expressions").
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
CREATE TABLE jobs (id integer PRIMARY KEY, state text NOT NULL, error text);
CREATE TABLE results (id integer, status text, error text);
INSERT INTO jobs VALUES (1, 'ready', NULL), (2, 'ready', 'timeout at the first attempt'), (3, 'ready', NULL);
INSERT INTO results VALUES (1, 'done', NULL), (2, 'failed', 'declined');
CREATE FUNCTION claim() RETURNS jobs LANGUAGE plpgsql AS $$ DECLARE job jobs; BEGIN
  UPDATE jobs SET state = 'running' WHERE id = (SELECT id FROM jobs WHERE state = 'ready' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING * INTO job;
  IF job IS NOT NULL THEN RETURN job; END IF;
  RETURN NULL;
END $$;
SQL
describe() { out="$(query -c "SELECT claim()")"; echo "claim: ${out:-nothing}"; }
ids() { out="$(query -c "SELECT string_agg(jobs.id::text, ' ' ORDER BY jobs.id) FROM jobs LEFT JOIN results AS result USING (id) WHERE $1")"; echo "jobs with $1: ${out:-none}"; }
seen="$(
ids 'result IS NULL'
ids 'result IS NOT NULL'
ids 'NOT result IS NULL'
ids 'result IS DISTINCT FROM NULL'
describe
describe
describe
echo "running: $(query -c "SELECT string_agg(id::text, ' ' ORDER BY id) FROM jobs WHERE state = 'running'")"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
jobs with result IS NULL: 3
jobs with result IS NOT NULL: 2
jobs with NOT result IS NULL: 1 2
jobs with result IS DISTINCT FROM NULL: 1 2
claim: nothing
claim: (2,running,"timeout at the first attempt")
claim: nothing
running: 1 2 3
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a row with one empty column is not IS NOT NULL: a result is left out, and a job that was claimed is dropped"
