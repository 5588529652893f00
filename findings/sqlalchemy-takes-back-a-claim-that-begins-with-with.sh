#!/usr/bin/env bash
# Does a connection of SQLAlchemy 1.4 outside of a transaction keep the job that "WITH … UPDATE … RETURNING" claims?
#
# Versions:  SQLAlchemy 1.4.46, psycopg2 2.9.5 and PostgreSQL 15 of Debian 12 (python3-sqlalchemy, python3-psycopg2, postgresql).
# Guess:     Yes: without begin() version 1.x commits each statement that changes data ("autocommit"), and the claimed id is returned, so that it has worked.
# Behaviour: No: the id is returned, and the UPDATE is rolled back when the connection goes back to the pool. Each worker claims the same job. The same with SELECT
#            claim(), a function that updates. A statement whose first word is UPDATE is committed, with the same effect and the same result.
# Why the guess is wrong: autocommit is decided by a regular expression on the beginning of the text: UPDATE, INSERT, CREATE, DELETE, DROP, ALTER. A statement that it does not know is
#            taken for a read. execution_options(autocommit=True), or engine.begin(), commits. In 2.0 no statement is committed without it.
# Source:    SQLAlchemy 1.4, sqlalchemy/engine/default.py (AUTOCOMMIT_REGEXP); documentation, "Library Level (e.g. emulated) Autocommit".
# Output seen: the text in `expected` at the end.
set -euo pipefail
bin="$(find /usr/lib/postgresql/15/bin -maxdepth 0 2>/dev/null)" || { echo "needs PostgreSQL 15 of Debian" >&2; exit 2; }
[ "$(/usr/bin/python3 -c 'import sqlalchemy, psycopg2; print(sqlalchemy.__version__, psycopg2.__version__.split()[0])' 2>&1)" = '1.4.46 2.9.5' ] || { echo "needs SQLAlchemy 1.4.46 and psycopg2 2.9.5 (python3-sqlalchemy, python3-psycopg2)" >&2; exit 2; }
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
cat >probe.py <<'PY'
import os

from sqlalchemy import create_engine, text

engine = create_engine(f'postgresql+psycopg2://probe@/postgres?host={os.environ["PGHOST"]}')
NEXT = "SELECT id FROM jobs WHERE state = 'queued' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"
with engine.begin() as connection:
    connection.execute(text('CREATE TABLE jobs (id integer PRIMARY KEY, state text)'))
    connection.execute(text(f"CREATE FUNCTION claim() RETURNS integer LANGUAGE sql AS $$ UPDATE jobs SET state = 'claimed' WHERE id = ({NEXT}) RETURNING id $$"))


def trial(name, statement, **options):
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE jobs; INSERT INTO jobs VALUES (1, 'queued'), (2, 'queued')"))
    claimed = []
    for worker in ('one', 'two'):
        with engine.connect().execution_options(**options) as connection:
            claimed.append(f'worker {worker} got job {connection.execute(text(statement)).scalar()}')
    with engine.connect() as connection:
        states = ', '.join(connection.execute(text('SELECT state FROM jobs ORDER BY id')).scalars())
    print(f'{name}: {"; ".join(claimed)}; in the table {states}')


trial('UPDATE … RETURNING', f"UPDATE jobs SET state = 'claimed' WHERE id = ({NEXT}) RETURNING id")
WITH = f"WITH next AS ({NEXT}) UPDATE jobs SET state = 'claimed' FROM next WHERE jobs.id = next.id RETURNING jobs.id"
trial('WITH … UPDATE … RETURNING', WITH)
trial('SELECT claim()', 'SELECT claim()')
trial('WITH …, autocommit=True', WITH, autocommit=True)
PY
seen="$(/usr/bin/python3 -W ignore probe.py)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
UPDATE … RETURNING: worker one got job 1; worker two got job 2; in the table claimed, claimed
WITH … UPDATE … RETURNING: worker one got job 1; worker two got job 1; in the table queued, queued
SELECT claim(): worker one got job 1; worker two got job 1; in the table queued, queued
WITH …, autocommit=True: worker one got job 1; worker two got job 2; in the table claimed, claimed
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: SQLAlchemy 1.4 returns the job that WITH … UPDATE … RETURNING has claimed, and rolls the claim back"
