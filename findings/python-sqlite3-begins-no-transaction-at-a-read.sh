#!/usr/bin/env bash
# Does "with connection:" of Python's sqlite3 protect a SELECT and the UPDATE that depends on it from another process?
#
# Versions:  Python 3.11 of Debian 12 (python3), its module sqlite3; the default isolation_level.
# Guess:     Yes: the block is a transaction, so that the second of two writers is refused (SQLITE_BUSY_SNAPSHOT), or waits and reads the new balance.
# Behaviour: No: both read 100, both write 90, and both blocks end without an error: one charge is lost. in_transaction is False after the SELECT. Two jobs
#            are claimed as one in the same way. With BEGIN the second one is refused, and with BEGIN IMMEDIATE it waits before it reads, or is refused when its timeout has passed.
# Why the guess is wrong: the block commits or rolls back at its end, and begins nothing. The module sends BEGIN before INSERT, UPDATE, DELETE and REPLACE only, so that
#            the SELECT is a transaction of its own.
# Source:    Python documentation, sqlite3, "How to use the connection context manager" and "Transaction control" (isolation_level).
# Output seen: the text in `expected` at the end.
set -euo pipefail
case "$(/usr/bin/python3 --version 2>&1)" in 'Python 3.11.'*) ;; *) echo "needs Python 3.11 of Debian" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >probe.py <<'PY'
import sqlite3

setup = sqlite3.connect('probe.sqlite', isolation_level=None)
setup.execute('PRAGMA journal_mode = WAL')
setup.execute('CREATE TABLE account (balance INTEGER)')
setup.execute('INSERT INTO account VALUES (100)')


class Worker:
    def __init__(self, begin):
        self.connection = sqlite3.connect('probe.sqlite', timeout=0.1)
        self.begin = begin
        self.error = None

    def step(self, action):
        if self.error is None:
            try:
                action()
            except sqlite3.OperationalError as error:
                self.error = str(error)
                self.connection.rollback()

    def read(self):
        if self.begin:
            self.connection.execute(self.begin)
        (self.balance,) = self.connection.execute('SELECT balance FROM account').fetchone()
        self.inside = self.connection.in_transaction

    def write(self):
        # The end of the block "with" is the commit.
        with self.connection:
            self.connection.execute('UPDATE account SET balance = ?', (self.balance - 10,))


def trial(name, begin):
    setup.execute('UPDATE account SET balance = 100')
    workers = [Worker(begin), Worker(begin)]
    # Two processes whose blocks overlap, step by step.
    for step in (Worker.read, Worker.write):
        for worker in workers:
            worker.step(lambda: step(worker))
    errors = ', '.join(worker.error or 'no error' for worker in workers)
    (balance,) = setup.execute('SELECT balance FROM account').fetchone()
    charges = sum(worker.error is None for worker in workers)
    print(f'{name}: in_transaction after the SELECT {workers[0].inside}; {errors}; reported charges {charges}, balance {balance}')


trial('with connection', None)
trial('BEGIN', 'BEGIN')
trial('BEGIN IMMEDIATE', 'BEGIN IMMEDIATE')
PY
seen="$(/usr/bin/python3 probe.py)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
with connection: in_transaction after the SELECT False; no error, no error; reported charges 2, balance 90
BEGIN: in_transaction after the SELECT True; no error, database is locked; reported charges 1, balance 90
BEGIN IMMEDIATE: in_transaction after the SELECT True; no error, database is locked; reported charges 1, balance 90
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: with connection: of Python's sqlite3 begins no transaction at a SELECT, so that two writers that depend on one read both succeed"
