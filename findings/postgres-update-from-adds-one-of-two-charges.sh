#!/usr/bin/env bash
# What does UPDATE accounts SET balance = balance + charges.amount FROM charges add to an account that has two charges?
#
# Versions:  PostgreSQL 15 and SQLite 3.40.1 of Debian 12 (postgresql, sqlite3).
# Guess:     Both: each row of the join is an update, and the second one starts from what the first one left. Or an error, as MERGE has.
# Behaviour: One of them, and which one depends on the plan. "UPDATE 2", one for each account, and no error; what is then marked as processed is lost. SQLite does the same. MERGE
#            fails: "MERGE command cannot affect row a second time". A sum by account in a subquery adds both.
# Why the guess is wrong: a statement sees its table as it was before, so that a row can be updated once by it; the second version of the join finds the row
#            updated by its own command, and is ignored.
# Source:    PostgreSQL documentation, UPDATE ("only one of the join rows will be used to update the target row, but which one will be used is not readily
#            predictable"); SQLite documentation, UPDATE FROM ("arbitrarily").
# Output seen: the text in `expected` at the end.
set -euo pipefail
bin="$(find /usr/lib/postgresql/15/bin -maxdepth 0 2>/dev/null)" || { echo "needs PostgreSQL 15 of Debian" >&2; exit 2; }
command -v sqlite3 >/dev/null || { echo "needs sqlite3" >&2; exit 2; }
case "$(sqlite3 --version)" in '3.40.1 '*) ;; *) echo "needs SQLite 3.40.1" >&2; exit 2 ;; esac
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
cat >tables.sql <<'SQL'
CREATE TABLE accounts (id integer PRIMARY KEY, balance integer);
CREATE TABLE charges (account integer, amount integer);
INSERT INTO accounts VALUES (1, 0), (2, 0);
INSERT INTO charges VALUES (1, 10), (1, 10), (2, 10);
SQL
query -f tables.sql
balances='SELECT id, balance FROM accounts ORDER BY id'
show() { tr '|' ' ' | sed 's/^\([0-9]\) /account \1: /' | paste -sd ',' | sed 's/,/, /g'; }
trial() {
  query -c 'UPDATE accounts SET balance = 0'
  tag="$("$bin/psql" -X -A -t -c "$2" 2>&1 | head -n 1)"
  echo "$1: $tag; $(query -c "$balances" | show)"
}
SUMS='(SELECT account, sum(amount) AS amount FROM charges GROUP BY account) AS sums'
seen="$(
trial 'UPDATE … FROM charges' 'UPDATE accounts SET balance = balance + charges.amount FROM charges WHERE charges.account = accounts.id'
trial 'MERGE … USING charges' 'MERGE INTO accounts USING charges ON charges.account = accounts.id WHEN MATCHED THEN UPDATE SET balance = balance + charges.amount'
trial 'UPDATE … FROM sums' "UPDATE accounts SET balance = balance + sums.amount FROM $SUMS WHERE sums.account = accounts.id"
sqlite3 db '.read tables.sql' 'UPDATE accounts SET balance = balance + charges.amount FROM charges WHERE charges.account = accounts.id' "SELECT 'SQLite, UPDATE … FROM charges: ' || changes() || ' rows'"
sqlite3 db "$balances" | show
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
UPDATE … FROM charges: UPDATE 2; account 1: 10, account 2: 10
MERGE … USING charges: ERROR:  MERGE command cannot affect row a second time; account 1: 0, account 2: 0
UPDATE … FROM sums: UPDATE 2; account 1: 20, account 2: 10
SQLite, UPDATE … FROM charges: 2 rows
account 1: 10, account 2: 10
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: UPDATE … FROM of PostgreSQL and SQLite adds one of two charges of an account, and reports no error"
