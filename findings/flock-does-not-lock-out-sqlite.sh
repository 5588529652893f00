#!/usr/bin/env bash
# Can the service write while a script copies its SQLite database under "flock service.db cp …", and who has the lock when the script is gone?
#
# Versions:  flock of util-linux 2.38.1 and sqlite3 3.40.1 of Debian 12 (util-linux, sqlite3).
# Guess:     No: SQLite locks its file, flock locks the same file exclusively, so that one waits for the other. And the lock ends with the command.
# Behaviour: Yes: SQLite writes without a wait or an error, and BEGIN EXCLUSIVE does not stop flock either. A copy made under such a lock is torn like one without it. The lock outlives
#            the command, if the command has started a process that goes on: every later "flock -n" of a cron job then ends with 1 and
#            does nothing. With -o it ends with the command.
# Why the guess is wrong: flock(2) and the locks of fcntl(2), which SQLite uses, do not see each other on Linux. And the lock belongs to the
#            open file, which every child inherits.
# Source:    flock(2), NOTES; flock(1), -o; SQLite documentation, "File Locking And Concurrency", 6.
# Output seen: the text in `expected` at the end.
set -euo pipefail
for command in flock sqlite3; do command -v "$command" >/dev/null || { echo "needs $command" >&2; exit 2; }; done
case "$(flock --version)" in *2.38.1*) ;; *) echo "needs util-linux 2.38.1" >&2; exit 2 ;; esac
case "$(sqlite3 --version)" in 3.40.1*) ;; *) echo "needs sqlite3 3.40.1" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
insert() { if sqlite3 service.db "INSERT INTO charges VALUES ('$1')" 2>&1; then echo written; fi; }
seen="$(
for mode in delete wal; do
  rm -f service.db*
  sqlite3 service.db "PRAGMA journal_mode = $mode" 'CREATE TABLE charges (key text)' >/dev/null
  echo "$mode: INSERT while a script holds flock -x: $(export -f insert; flock -x service.db bash -c 'insert order-1')"
  echo "$mode: flock -n while a transaction is exclusive: $(printf 'BEGIN EXCLUSIVE;\n.shell flock -n service.db echo gets it\nCOMMIT;\n' | sqlite3 service.db)"
  echo "$mode: INSERT while SQLite's transaction is exclusive: $(printf "BEGIN EXCLUSIVE;\n.shell sqlite3 service.db \"INSERT INTO charges VALUES ('order-2')\" 2>&1 | sed 's/ (5)//;s/.*: //'\nCOMMIT;\n" | sqlite3 service.db)"
done
for option in '' -o; do
  # shellcheck disable=SC2086
  flock $option job.lock bash -c 'sleep 60 >/dev/null 2>&1 & echo $! >child'
  echo "flock $option: the command has ended; flock -n of the next job: $(flock -n job.lock echo runs || echo "exit code $?")" | sed 's/ :/:/'
  kill "$(cat child)"
done
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
delete: INSERT while a script holds flock -x: written
delete: flock -n while a transaction is exclusive: gets it
delete: INSERT while SQLite's transaction is exclusive: in prepare, database is locked
wal: INSERT while a script holds flock -x: written
wal: flock -n while a transaction is exclusive: gets it
wal: INSERT while SQLite's transaction is exclusive: stepping, database is locked
flock: the command has ended; flock -n of the next job: exit code 1
flock -o: the command has ended; flock -n of the next job: runs
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: flock(1) and SQLite do not lock each other out, and a lock of flock stays until the last process that has inherited it ends"
