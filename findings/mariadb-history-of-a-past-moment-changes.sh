#!/usr/bin/env bash
# Does a table WITH SYSTEM VERSIONING of MariaDB always say the same of a moment that is past, and is its history in a dump?
#
# Versions:  MariaDB 10.11 of Debian 12 (mariadb-server), as it comes.
# Guess:     Yes, and yes: FOR SYSTEM_TIME AS OF shows what was committed at that moment, which nothing can change, and a dump holds what is in the table. That is why it serves as an audit trail.
# Behaviour: A report AS OF a moment shows other rows later, if a transaction was open at that moment: its rows carry the time of their statement, not of their commit. A status that was never seen
#            by anybody before appears in the past, and what the report showed is gone. mariadb-dump leaves the history out, with exit code 0 and no word, and after a restore each row
#            begins at the time of the restore, so that AS OF yesterday has no rows. With --dump-history it is kept.
# Why the guess is wrong: without transaction-precise versions (BIGINT columns) the rows carry timestamps, and those are of the statement. A dump as it comes does not read historical rows.
# Source:    MariaDB documentation, "System-Versioned Tables": "Transaction-Precise History in InnoDB" (only there "rows inserted before that point, but committed after will not be shown") and "Limitations" (mariadb-dump "did not
#            read historical rows"; from 10.11 with -H or --dump-history).
# Output seen: the text in `expected` at the end.
set -euo pipefail
mariadbd="$(command -v mariadbd || ls /usr/sbin/mariadbd 2>/dev/null)" || { echo "needs MariaDB (mariadb-server)" >&2; exit 2; }
case "$("$mariadbd" --version)" in *'Ver 10.11.'*) ;; *) echo "needs MariaDB 10.11" >&2; exit 2 ;; esac
work="$(mktemp -d)"
user="$(id -un)"
if [ "$(id -u)" -eq 0 ]; then user=mysql; chown mysql "$work"; fi
cd "$work"
trap 'kill "$(cat "$work/pid" 2>/dev/null)" 2>/dev/null || true; wait; rm -rf "$work"' EXIT
mariadb-install-db --no-defaults --user="$user" --datadir="$work/data" --auth-root-authentication-method=normal --skip-test-db >/dev/null 2>&1
"$mariadbd" --no-defaults --user="$user" --datadir="$work/data" --socket="$work/sock" --skip-networking --pid-file="$work/pid" --log-error="$work/log" 2>/dev/null &
query() { mariadb --no-defaults -u root -S "$work/sock" -N -B "$@"; }
until query -e 'SELECT 1' >/dev/null 2>&1; do sleep 0.1; done
query -e 'CREATE DATABASE app; CREATE TABLE app.jobs (id int PRIMARY KEY, status varchar(20)) ENGINE=InnoDB WITH SYSTEM VERSIONING'
now() { query -e 'SELECT now(6)'; }
as_of() { query -e "SELECT coalesce(group_concat(status ORDER BY status), 'no row') FROM $1.jobs FOR SYSTEM_TIME AS OF TIMESTAMP'$2'"; }
seen="$(
query -e "INSERT INTO app.jobs VALUES (1, 'waiting')"
mkfifo hold
mariadb --no-defaults -u root -S "$work/sock" -N -B --unbuffered app <hold >writer.log 2>&1 &
exec 7>hold
printf '%s\n' 'BEGIN;' "UPDATE jobs SET status = 'failed' WHERE id = 1;" "INSERT INTO jobs VALUES (2, 'failed');" "SELECT 'written';" >&7
until grep -q written writer.log; do sleep 0.05; done
moment="$(now)"
sleep 0.1
echo "as of a moment, read at once: $(as_of app "$moment")"
printf '%s\n' 'COMMIT;' "SELECT 'committed';" >&7
until grep -q committed writer.log; do sleep 0.05; done
exec 7>&-
echo "as of the same moment, read later: $(as_of app "$moment")"
query -e "UPDATE app.jobs SET status = 'done'"
yesterday="$(now)"
sleep 0.1
query -e "UPDATE app.jobs SET status = 'archived'"
echo "rows with the history: $(query -e 'SELECT count(*) FROM app.jobs FOR SYSTEM_TIME ALL')"
for option in '' --dump-history; do
  code=0
  mariadb-dump --no-defaults -u root -S "$work/sock" $option app >dump.sql 2>dump.err || code=$?
  query -e 'DROP DATABASE IF EXISTS restored; CREATE DATABASE restored'
  query restored <dump.sql
  echo "restored from mariadb-dump ${option:-as it comes} (exit code $code, $(wc -l <dump.err) lines of warnings): rows with the history $(query -e 'SELECT count(*) FROM restored.jobs FOR SYSTEM_TIME ALL'), before they were archived: $(as_of restored "$yesterday")"
done
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
as of a moment, read at once: waiting
as of the same moment, read later: failed,failed
rows with the history: 7
restored from mariadb-dump as it comes (exit code 0, 0 lines of warnings): rows with the history 2, before they were archived: no row
restored from mariadb-dump --dump-history (exit code 0, 0 lines of warnings): rows with the history 7, before they were archived: done,done
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: the history of a system-versioned table of MariaDB shows other rows of a past moment after an open transaction commits, and mariadb-dump leaves it out"
