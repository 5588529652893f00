#!/usr/bin/env bash
# What does check_pgsql report if the query returns the age of the oldest job, and the limits are 300 and 600 seconds?
#
# Versions:  monitoring-plugins 2.3.3 (monitoring-plugins-standard, the package of check_pgsql) and PostgreSQL 15 of Debian 12.
# Guess:     CRITICAL for every age above ten minutes; or UNKNOWN, because now() - created_at is an interval and not a number.
# Behaviour: "3 days 02:00:00" is read as 3 and "02:15:00" as 2, both OK with exit code 0. Of the same ages as seconds both are CRITICAL. The longer the job has waited, the smaller the
#            number: 15 minutes are 0, 23:59:00 is 23, and after a day it begins at 1 again.
# Why the guess is wrong: strtod reads the digits at the beginning, and what is behind them matters in the verbose output only. An interval begins with the count of its
#            largest unit. "extract(epoch FROM …)" makes a number of it.
# Source:    monitoring-plugins, plugins/check_pgsql.c (strtod, "Garbage after value").
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
plugin=/usr/lib/nagios/plugins/check_pgsql
[ -x "$plugin" ] || { echo "needs check_pgsql (monitoring-plugins-standard)" >&2; exit 2; }
case "$("$plugin" --version)" in *2.3.3*) ;; *) echo "needs monitoring-plugins 2.3.3" >&2; exit 2 ;; esac
query -c 'CREATE TABLE jobs (age interval)'
trial() {
  query -c 'TRUNCATE jobs' -c "INSERT INTO jobs VALUES ('$1')"
  for text in 'max(age)' 'extract(epoch FROM max(age))'; do
    code=0
    "$plugin" -H "$work" -d postgres -l probe -q "SELECT $text FROM jobs" -W 300 -C 600 >output || code=$?
    echo "$1, $text: $(sed -n "s/^QUERY \([A-Z]*\).* returned \([0-9]*\).*/\1 \2/p" output), exit code $code"
  done
}
seen="$(
for age in '4 minutes' '15 minutes' '2 hours 15 minutes' '23 hours 59 minutes' '3 days 2 hours'; do trial "$age"; done
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
4 minutes, max(age): OK 0, exit code 0
4 minutes, extract(epoch FROM max(age)): OK 240, exit code 0
15 minutes, max(age): OK 0, exit code 0
15 minutes, extract(epoch FROM max(age)): CRITICAL 900, exit code 2
2 hours 15 minutes, max(age): OK 2, exit code 0
2 hours 15 minutes, extract(epoch FROM max(age)): CRITICAL 8100, exit code 2
23 hours 59 minutes, max(age): OK 23, exit code 0
23 hours 59 minutes, extract(epoch FROM max(age)): CRITICAL 86340, exit code 2
3 days 2 hours, max(age): OK 3, exit code 0
3 days 2 hours, extract(epoch FROM max(age)): CRITICAL 266400, exit code 2
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: check_pgsql reads an interval of 3 days as the number 3, and is OK below a limit of 600 seconds"
