#!/usr/bin/env bash
# What becomes of a job of pg_cron that is set inactive while it runs, and active again: how often does it run at the same time, and what do the details say?
#
# Versions:  pg_cron 1.4.2 and PostgreSQL 15 of Debian 12 (postgresql-15-cron, postgresql): cron.alter_job(…, active := false), connections by libpq (default).
# Guess:     It is cancelled, or runs to its end; pg_cron runs at most one instance of a job at a time, so that the next run waits for it.
# Behaviour: The details say "failed, job canceled", and the statement goes on and commits. When the job is active again, a second instance runs beside the first, and the charge is made twice. Both runs are recorded as failed, so that somebody
#            may run the job a third time.
# Why the guess is wrong: pg_cron closes its connection without a cancel request, and forgets the run. A server notices that its client has gone when it writes to it, which is after the commit. pg_stat_activity shows the statement;
#            pg_terminate_backend ends it.
# Source:    pg_cron, src/pg_cron.c, jobCanceled and ManageCronTask (CRON_TASK_ERROR); README ("at most one instance of a job at a time").
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
-- Waits as long as the test holds the lock: a job that takes its time.
CREATE FUNCTION charge() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock_shared(1); INSERT INTO charges VALUES ('november'); END $$;
SQL
until_equal() {
  for _ in $(seq 1500); do
    if [ "$(query -c "$1")" = "$2" ]; then return; fi
    sleep 0.1
  done
  echo "not reached: $1 is not $2" >&2
  exit 1
}
running="SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%charge()%' AND backend_type = 'client backend' AND wait_event = 'advisory'"
details() { query -F ', ' -c "SELECT status, coalesce(return_message, 'no message') FROM cron.job_run_details ORDER BY runid" | paste -sd ';' | sed 's/;/; /g'; }
mkfifo hold
query <hold >/dev/null &
exec 3>hold
echo 'SELECT pg_advisory_lock(1);' >&3
until_equal "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted" 1
query -c "SELECT cron.schedule('charge', '* * * * *', 'SELECT charge()')" >/dev/null
until_equal "$running" 1
seen="$(
echo "the job runs: backends $(query -c "$running"); details: $(details)"
query -c "SELECT cron.alter_job(jobid, active := false) FROM cron.job" >/dev/null
until_equal "SELECT count(*) FROM cron.job_run_details WHERE status = 'failed'" 1
echo "paused: backends $(query -c "$running"); details: $(details)"
query -c "SELECT cron.alter_job(jobid, active := true) FROM cron.job" >/dev/null
until_equal "$running" 2
echo "resumed: backends $(query -c "$running"); details: $(details)"
query -c "SELECT cron.alter_job(jobid, active := false) FROM cron.job" >/dev/null
until_equal "SELECT count(*) FROM cron.job_run_details WHERE status = 'failed'" 2
echo 'SELECT pg_advisory_unlock(1);' >&3
until_equal "$running" 0
echo "when both have ended: charges $(query -c 'SELECT count(*) FROM charges'); details: $(details)"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
the job runs: backends 1; details: running, no message
paused: backends 1; details: failed, job canceled
resumed: backends 2; details: failed, job canceled; running, no message
when both have ended: charges 2; details: failed, job canceled; failed, job canceled
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: pg_cron records a job that is set inactive as cancelled, while it goes on and commits, and runs a second instance beside it when it is active again"
