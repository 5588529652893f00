#!/usr/bin/env bash
# What do cursor.rowcount and the rows of RETURNING say after execute_values of psycopg2 has inserted 250 rows?
#
# Versions:  psycopg2 2.9.5 and PostgreSQL 15 of Debian 12 (python3-psycopg2, postgresql).
# Guess:     250 and 250 ids: it is one call with one statement, and executemany counts all of them.
# Behaviour: 50 and 50: those of the last page. All rows are stored, and the ids of 200 callbacks are not known, or a check that compares the count repeats the call, which inserts them twice. With up to
#            100 rows, as in a test, all is right. fetch=True returns all ids; rowcount stays that of the last page.
# Why the guess is wrong: page_size is 100, so that three statements are executed, and the cursor keeps the outcome of the last one.
# Source:    psycopg2 documentation, psycopg2.extras.execute_values ("the cursor.rowcount property will not contain a total result").
# Output seen: the text in `expected` at the end.
set -euo pipefail
bin="$(find /usr/lib/postgresql/15/bin -maxdepth 0 2>/dev/null)" || { echo "needs PostgreSQL 15 of Debian" >&2; exit 2; }
case "$(/usr/bin/python3 -c 'import psycopg2; print(psycopg2.__version__)' 2>&1)" in 2.9.5*) ;; *) echo "needs psycopg2 2.9.5 (python3-psycopg2)" >&2; exit 2 ;; esac
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
query -c 'CREATE TABLE outbox (id integer GENERATED ALWAYS AS IDENTITY, callback text UNIQUE)'
cat >probe.py <<'PY'
import psycopg2
from psycopg2.extras import execute_values, execute_batch

connection = psycopg2.connect('')
cursor = connection.cursor()


def count():
    cursor.execute('SELECT count(*) FROM outbox')
    return cursor.fetchone()[0]


def trial(name, function):
    cursor.execute('TRUNCATE outbox')
    print(f'{name}: {function()}; rows in the table {count()}')


rows = [(f'order-{n}',) for n in range(250)]


def plain():
    execute_values(cursor, 'INSERT INTO outbox (callback) VALUES %s RETURNING id', rows)
    return f'rowcount {cursor.rowcount}, ids returned {len(cursor.fetchall())}'


def fetch():
    ids = execute_values(cursor, 'INSERT INTO outbox (callback) VALUES %s RETURNING id', rows, fetch=True)
    return f'rowcount {cursor.rowcount}, ids returned {len(ids)}'


def update():
    execute_values(cursor, 'INSERT INTO outbox (callback) VALUES %s', rows)
    execute_values(cursor, 'UPDATE outbox SET callback = data.new FROM (VALUES %s) AS data (old, new) WHERE callback = data.old', [(f'order-{n}', f'sent-{n}') for n in range(250)])
    return f'UPDATE of 250 rows, rowcount {cursor.rowcount}'


def many():
    cursor.executemany('INSERT INTO outbox (callback) VALUES (%s)', rows)
    return f'executemany, rowcount {cursor.rowcount}'


trial('execute_values', plain)
trial('execute_values with fetch=True', fetch)
trial('execute_values', update)
trial('cursor.executemany', many)
PY
seen="$(/usr/bin/python3 probe.py)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
execute_values: rowcount 50, ids returned 50; rows in the table 250
execute_values with fetch=True: rowcount 50, ids returned 250; rows in the table 250
execute_values: UPDATE of 250 rows, rowcount 50; rows in the table 250
cursor.executemany: executemany, rowcount 250; rows in the table 250
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: execute_values of psycopg2 leaves the count and the returned ids of its last page of at most 100 rows"
