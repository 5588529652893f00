#!/usr/bin/env bash
# What does the copy of a database do into which a dump was restored, for a test of the restore, if the original has jobs of pg_cron?
#
# Versions:  pg_cron 1.4.2 and PostgreSQL 15 of Debian 12 (postgresql-15-cron, postgresql); the other server has the same configuration.
# Guess:     Nothing: a dump has CREATE EXTENSION for an extension, and not its tables. Jobs would be made again by whoever wants them.
# Behaviour: The jobs are there, active, and the first one runs within a minute, while somebody looks whether the rows are right: a job that charges, deletes or sends does so from the copy. A dump of the schema only has none.
# Why the guess is wrong: an extension can mark tables as configuration (pg_extension_config_dump), and pg_cron does so with cron.job. What is in shared_preload_libraries starts with the server. "pg_restore -L" without the entry,
#            or a server without pg_cron, avoids it.
# Source:    pg_cron, pg_cron--1.0.sql (pg_extension_config_dump); PostgreSQL documentation, 38.17.3 (extension configuration tables).
# Output seen: the text in `expected` at the end.
set -euo pipefail
bin="$(find /usr/lib/postgresql/15/bin -maxdepth 0 2>/dev/null)" || { echo "needs PostgreSQL 15 of Debian" >&2; exit 2; }
[ "$(dpkg-query -W -f '${Version}' postgresql-15-cron 2>/dev/null)" = 1.4.2-2+b1 ] || { echo "needs pg_cron 1.4.2 (postgresql-15-cron)" >&2; exit 2; }
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
"${as[@]}" "$bin/pg_ctl" -D "$work/data" -o "-c listen_addresses= -c unix_socket_directories=$work -c shared_preload_libraries=pg_cron -c cron.host=$work" -l "$work/log" -w start >/dev/null
export PGHOST="$work" PGUSER=probe PGDATABASE=postgres
query() { "$bin/psql" -X -A -t -q "$@"; }
query <<'SQL'
CREATE EXTENSION pg_cron;
CREATE TABLE charges (month text NOT NULL);
SELECT cron.schedule('charge', '* * * * *', $$INSERT INTO charges VALUES ('november')$$) \gset
UPDATE cron.job SET active = true;
SQL
"$bin/pg_dump" -Fc -f dump postgres
"$bin/pg_dump" -Fc -s -f schema postgres
# The copy: another server, as for a test of the restore.
"${as[@]}" "$bin/pg_ctl" -D "$work/data" -m fast -w stop >/dev/null
copy() {
  rm -rf copy
  "${as[@]}" "$bin/initdb" -D "$work/copy" -U probe -A trust >/dev/null
  "${as[@]}" "$bin/pg_ctl" -D "$work/copy" -o "-c listen_addresses= -c unix_socket_directories=$work -c shared_preload_libraries=pg_cron -c cron.host=$work" -l "$work/log" -w start >/dev/null
}
stop_copy() { "${as[@]}" "$bin/pg_ctl" -D "$work/copy" -m immediate stop >/dev/null 2>&1 || true; }
trap 'stop_copy; rm -rf "$work"' EXIT
seen="$(
copy
"$bin/pg_restore" -d postgres dump
echo "the copy: jobs $(query -c "SELECT string_agg(jobname || ' ' || schedule || ' ' || command || ' active ' || active, ', ') FROM cron.job")"
rows="$(query -c 'SELECT count(*) FROM charges')"
for _ in $(seq 900); do
  if [ "$(query -c 'SELECT count(*) FROM charges')" -gt "$rows" ]; then break; fi
  sleep 0.1
done
echo "charges in the copy within a minute and a half: $(query -c "SELECT CASE WHEN count(*) > $rows THEN 'made' ELSE 'none' END FROM charges")"
stop_copy
copy
"$bin/pg_restore" -d postgres schema
echo "a copy of the schema only: jobs $(query -c 'SELECT count(*) FROM cron.job')"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
the copy: jobs charge * * * * * INSERT INTO charges VALUES ('november') active true
charges in the copy within a minute and a half: made
a copy of the schema only: jobs 0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a restored dump has the jobs of pg_cron, and they run in the copy within a minute"
