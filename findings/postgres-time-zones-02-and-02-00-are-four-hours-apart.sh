#!/usr/bin/env bash
# Which time does PostgreSQL show for 12:00 UTC in a session with the time zone +02, and which with +02:00?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     14:00 with both: they are two spellings of the offset two hours east, as in the literal '2026-01-01 14:00+02:00'.
# Behaviour: 14:00 with +02, and 10:00 with +02:00: four hours apart. UTC+2 is west too, and so is AT TIME ZONE with either spelling. An input in +02:00 that is
#            converted back with AT TIME ZONE '+02:00' comes out four hours earlier, and a report by day has other days.
# Why the guess is wrong: a bare number is hours east of UTC, as SQL has it; everything else that is not the name of a zone is a POSIX specification, in which + is west.
#            Offsets in literals are ISO 8601. An INTERVAL ('+02:00'::interval) is east in each place; so is the name of a zone.
# Source:    PostgreSQL documentation, 8.5.3 ("positive … west"), B.5 (POSIX time zone specifications), SET (TIME ZONE); src/backend/commands/variable.c,
#            check_timezone.
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
"${as[@]}" "$bin/pg_ctl" -D "$work/data" -o "-c listen_addresses= -c unix_socket_directories=$work" -l "$work/log" -w start >/dev/null
export PGHOST="$work" PGUSER=probe PGDATABASE=postgres
query() { "$bin/psql" -X -A -t -q "$@"; }
query -c 'CREATE TABLE results (at timestamptz)' -c "INSERT INTO results VALUES ('2026-01-01 12:00Z')"
seen="$(
for zone in +02 +02:00 UTC+2 UTC+02:00 Etc/GMT-2 Africa/Cairo; do
  echo "timezone = $zone: $(PGOPTIONS="-c timezone=$zone" query -c 'SELECT at FROM results'); AT TIME ZONE '$zone': $(PGOPTIONS='-c timezone=UTC' query -c "SELECT at AT TIME ZONE '$zone' FROM results")"
done
echo "AT TIME ZONE '+02:00'::interval: $(PGOPTIONS='-c timezone=UTC' query -c "SELECT at AT TIME ZONE '+02:00'::interval FROM results")"
echo "'2026-01-01 14:00+02:00' AT TIME ZONE '+02:00': $(query -c "SELECT timestamptz '2026-01-01 14:00+02:00' AT TIME ZONE '+02:00'")"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
timezone = +02: 2026-01-01 14:00:00+02; AT TIME ZONE '+02': 2026-01-01 10:00:00
timezone = +02:00: 2026-01-01 10:00:00-02; AT TIME ZONE '+02:00': 2026-01-01 10:00:00
timezone = UTC+2: 2026-01-01 10:00:00-02; AT TIME ZONE 'UTC+2': 2026-01-01 10:00:00
timezone = UTC+02:00: 2026-01-01 10:00:00-02; AT TIME ZONE 'UTC+02:00': 2026-01-01 10:00:00
timezone = Etc/GMT-2: 2026-01-01 14:00:00+02; AT TIME ZONE 'Etc/GMT-2': 2026-01-01 14:00:00
timezone = Africa/Cairo: 2026-01-01 14:00:00+02; AT TIME ZONE 'Africa/Cairo': 2026-01-01 14:00:00
AT TIME ZONE '+02:00'::interval: 2026-01-01 14:00:00
'2026-01-01 14:00+02:00' AT TIME ZONE '+02:00': 2026-01-01 10:00:00
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: the time zones +02 and +02:00 of a session of PostgreSQL are four hours apart, and AT TIME ZONE takes + as west"
