#!/usr/bin/env bash
# Which ways of the sqlite3 command copy a whole, undamaged database: .backup, VACUUM INTO, .dump, .recover?
#
# Versions:  sqlite3 3.40.1 of Debian 12 (sqlite3, with libsqlite3-0).
# Guess:     All four. They differ in speed and in the space of the file; .recover may lose rows of a damaged file, not of a sound one.
# Behaviour: .backup and VACUUM INTO copy all. .dump cuts a text at its first U+0000 and loses user_version and application_id, so that a program
#            which keeps the version of its schema there starts its migrations again. .recover copies nothing: the file that it is piped to is
#            empty, and the exit code of the pipe is 0.
# Why the guess is wrong: .recover is in the help of the command, but needs the virtual table sqlite_dbpage, with which Debian's library is not
#            built. It prints the beginning of a transaction, and stops. .dump prints texts as strings of C and no pragmas of the header.
# Source:    sqlite.org, "Recovering Data From A Corrupt SQLite Database" (SQLITE_ENABLE_DBPAGE_VTAB); PRAGMA compile_options of the package.
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v sqlite3 >/dev/null || { echo "needs sqlite3" >&2; exit 2; }
case "$(sqlite3 --version)" in 3.40.1\ *) ;; *) echo "needs sqlite3 3.40.1, found: $(sqlite3 --version)" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
sqlite3 sound.db "PRAGMA user_version = 7; PRAGMA application_id = 4711; CREATE TABLE results (id INTEGER PRIMARY KEY, body TEXT);
  INSERT INTO results (body) VALUES ('plain'), ('before' || char(0) || 'after')"
look() {
  local tables
  tables="$(sqlite3 "$2" "SELECT count(*) FROM sqlite_schema WHERE name = 'results'")"
  if [ "$tables" = 0 ]; then echo "$1: no table"; return; fi
  sqlite3 "$2" "SELECT '$1: ' || count(*) || ' rows, bytes of the texts ' || group_concat(length(CAST(body AS BLOB)), ' and ') || ', user_version ' ||
    (SELECT user_version FROM pragma_user_version) || ', application_id ' || (SELECT application_id FROM pragma_application_id) FROM results"
}
seen="$(
look 'the database' sound.db
sqlite3 sound.db '.backup backup.db'
look '.backup' backup.db
sqlite3 sound.db "VACUUM INTO 'vacuum.db'"
look 'VACUUM INTO' vacuum.db
sqlite3 sound.db .dump | sqlite3 dump.db
look '.dump' dump.db
(
  set +o pipefail
  sqlite3 sound.db .recover 2>error | sqlite3 recover.db
  echo ".recover: exit code of the pipe $?, $(cat error)"
)
look '.recover' recover.db
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
the database: 2 rows, bytes of the texts 5 and 12, user_version 7, application_id 4711
.backup: 2 rows, bytes of the texts 5 and 12, user_version 7, application_id 4711
VACUUM INTO: 2 rows, bytes of the texts 5 and 12, user_version 7, application_id 4711
.dump: 2 rows, bytes of the texts 5 and 6, user_version 0, application_id 0
.recover: exit code of the pipe 0, sql error: SQL logic error (1)
.recover: no table
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: .recover of Debian's sqlite3 copies nothing of a sound database, and .dump cuts texts at U+0000 and forgets user_version"
