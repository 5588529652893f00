#!/usr/bin/env bash
# Which leases does WHERE expires_at < datetime('now') of SQLite find, if expires_at has been written as new Date().toISOString()?
#
# Versions:  SQLite 3.40.1 of Debian 12 (sqlite3); 2026-03-01 12:00:00 UTC in place of now.
# Guess:     Those that have expired: both are ISO 8601 in UTC, and such texts sort as their moments.
# Behaviour: None of today: a lease that has expired twelve hours ago counts as valid until midnight, and is found then. Tests with times of yesterday and tomorrow
#            pass. A worker's lock is held up to a day too long, and a token accepted. With CURRENT_TIMESTAMP as well. strftime('%Y-%m-%dT%H:%M:%fZ', …), or datetime(expires_at)
#            on the other side, finds them.
# Why the guess is wrong: datetime() and CURRENT_TIMESTAMP write a blank between date and time, and toISOString a T. A blank sorts before T, so that on the same day each text with T is later. SQLite
#            has no type for times, and compares texts.
# Source:    SQLite documentation, Date And Time Functions ("datetime() returns … YYYY-MM-DD HH:MM:SS"); ECMA-262, Date.prototype.toISOString.
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v sqlite3 >/dev/null || { echo "needs sqlite3" >&2; exit 2; }
case "$(sqlite3 --version)" in '3.40.1 '*) ;; *) echo "needs SQLite 3.40.1" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
for moment in 2026-02-28T23:59:59 2026-03-01T00:00:00 2026-03-01T11:59:59 2026-03-01T12:00:01; do
  node -e "console.log(\"INSERT INTO leases VALUES ('\" + new Date('${moment}Z').toISOString() + \"');\")"
done >rows.sql
sqlite3 db 'CREATE TABLE leases (expires_at TEXT)' '.read rows.sql'
expired() { echo "$1: $(sqlite3 db "SELECT coalesce(group_concat(expires_at, ' '), 'none') FROM leases WHERE $1")"; }
seen="$(
expired "expires_at < datetime('2026-03-01 12:00:00')"
expired "datetime(expires_at) < datetime('2026-03-01 12:00:00')"
expired "expires_at < strftime('%Y-%m-%dT%H:%M:%fZ', '2026-03-01 12:00:00')"
expired "expires_at < datetime('2026-03-02 00:00:00')"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
expires_at < datetime('2026-03-01 12:00:00'): 2026-02-28T23:59:59.000Z
datetime(expires_at) < datetime('2026-03-01 12:00:00'): 2026-02-28T23:59:59.000Z 2026-03-01T00:00:00.000Z 2026-03-01T11:59:59.000Z
expires_at < strftime('%Y-%m-%dT%H:%M:%fZ', '2026-03-01 12:00:00'): 2026-02-28T23:59:59.000Z 2026-03-01T00:00:00.000Z 2026-03-01T11:59:59.000Z
expires_at < datetime('2026-03-02 00:00:00'): 2026-02-28T23:59:59.000Z 2026-03-01T00:00:00.000Z 2026-03-01T11:59:59.000Z 2026-03-01T12:00:01.000Z
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: expires_at < datetime('now') of SQLite finds no ISO time of the same day: what expired today is valid until midnight"
