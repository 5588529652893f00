#!/usr/bin/env bash
# When do listeners hear of a row whose trigger calls pg_notify, if its transaction is committed in two phases?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql), max_prepared_transactions = 4.
# Guess:     At COMMIT PREPARED: a notification is sent at the commit, and all else of the transaction waits for it on disk.
# Behaviour: PREPARE TRANSACTION fails, "cannot PREPARE a transaction that has executed LISTEN, UNLISTEN, or NOTIFY", and the transaction is rolled back, so that its row is lost.
#            A trigger that wakes workers ends all two-phase commits to its table, those of an XA transaction manager included. A deferred constraint trigger does, too, although
#            it had not run before: PREPARE runs it. A queue row that a worker polls works.
# Why the guess is wrong: notifications of a transaction are kept in the memory of its session; nothing writes them to the state file of a prepared transaction.
# Source:    PostgreSQL documentation, PREPARE TRANSACTION, Notes.
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
"${as[@]}" "$bin/pg_ctl" -D "$work/data" -o "-c listen_addresses= -c unix_socket_directories=$work -c max_prepared_transactions=4" -l "$work/log" -w start >/dev/null
export PGHOST="$work" PGUSER=probe PGDATABASE=postgres
query() { "$bin/psql" -X -A -t -q "$@"; }
query <<'SQL'
CREATE TABLE charges (id integer);
CREATE FUNCTION wake() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_notify('charges', NEW.id::text); RETURN NULL; END $$;
SQL
trial() {
  result="$(query -c 'DROP TRIGGER IF EXISTS wake ON charges; TRUNCATE charges' -c "$2" -c BEGIN -c 'INSERT INTO charges VALUES (1)' -c "PREPARE TRANSACTION 'payment'" 2>&1 | sed -n 's/^ERROR:  //p')"
  query -c "COMMIT PREPARED 'payment'" >/dev/null 2>&1 || true
  echo "$1: ${result:-prepared}; rows: $(query -c 'SELECT count(*) FROM charges')"
}
seen="$(
trial 'no trigger' 'SELECT'
trial 'AFTER INSERT' 'CREATE TRIGGER wake AFTER INSERT ON charges FOR EACH ROW EXECUTE FUNCTION wake()'
trial 'DEFERRED' 'CREATE CONSTRAINT TRIGGER wake AFTER INSERT ON charges DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wake()'
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
no trigger: prepared; rows: 1
AFTER INSERT: cannot PREPARE a transaction that has executed LISTEN, UNLISTEN, or NOTIFY; rows: 0
DEFERRED: cannot PREPARE a transaction that has executed LISTEN, UNLISTEN, or NOTIFY; rows: 0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: PREPARE TRANSACTION fails and rolls back if a trigger of the transaction has called pg_notify"
