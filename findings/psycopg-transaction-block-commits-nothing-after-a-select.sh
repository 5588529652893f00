#!/usr/bin/env bash
# Is a row committed when the block "with conn.transaction():" of psycopg 3 has ended without an error?
#
# Versions:  psycopg 3.1.7 and PostgreSQL 15 of Debian 12 (python3-psycopg, postgresql).
# Guess:     Yes: the block begins a transaction and commits it, as atomic() of Django and transaction blocks of other drivers.
# Behaviour: Only if the connection was idle. After one SELECT on the connection, the block is a savepoint of the transaction that the SELECT began: its end commits
#            nothing, other connections do not see the row, and close() drops it. Nothing is raised. With autocommit=True it is committed.
# Why the guess is wrong: a connection without autocommit begins a transaction at its first statement of any kind, and transaction() inside of a transaction nests. A look-up
#            such as "was this key stored already?" in front of the block makes the difference, so that a test without it passes.
# Source:    psycopg documentation, docs/basic/transactions.rst, "Transactions management", "Transaction contexts" ("If an operation starts an implicit transaction, a transaction() block will only
#            manage a savepoint sub-transaction … No COMMIT was sent: the INSERT was discarded").
# Output seen: the text in `expected` at the end.
set -euo pipefail
[ "$(/usr/bin/python3 -c 'import psycopg; print(psycopg.__version__)' 2>&1)" = 3.1.7 ] || { echo "needs psycopg 3.1.7 (python3-psycopg)" >&2; exit 2; }
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
cat >probe.py <<'PY'
import psycopg


def store(key, look_up, autocommit, end):
    conn = psycopg.connect(autocommit=autocommit)
    if look_up:
        conn.execute('SELECT 1 FROM charges WHERE key = %s', [key]).fetchone()
    with conn.transaction():
        conn.execute('INSERT INTO charges VALUES (%s)', [key])
    seen = count(key)
    if end == 'close':
        conn.close()
    else:
        with conn:
            pass
    return f'behind the block {seen}, after the end {count(key)}'


def count(key):
    with psycopg.connect() as other:
        return other.execute('SELECT count(*) FROM charges WHERE key = %s', [key]).fetchone()[0]


with psycopg.connect() as conn:
    conn.execute('CREATE TABLE charges (key text)')
print('rows that others see:')
print('no statement before, close():', store('a', False, False, 'close'))
print('SELECT before, close():', store('b', True, False, 'close'))
print('SELECT before, "with conn" as the end:', store('c', True, False, 'with'))
print('SELECT before, autocommit, close():', store('d', True, True, 'close'))
PY
seen="$(/usr/bin/python3 probe.py)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
rows that others see:
no statement before, close(): behind the block 1, after the end 1
SELECT before, close(): behind the block 0, after the end 0
SELECT before, "with conn" as the end: behind the block 0, after the end 1
SELECT before, autocommit, close(): behind the block 1, after the end 1
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a block with conn.transaction() of psycopg 3 commits nothing if the connection has run a SELECT before"
