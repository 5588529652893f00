#!/usr/bin/env bash
# Where do the slowest statements show, those that statement_timeout ends?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql, with contrib): pg_stat_statements, auto_explain, log_min_duration_statement.
# Guess:     At the top of pg_stat_statements, with a maximum of the timeout, and in the log with their duration and plan: they ran longest.
# Behaviour: Nowhere. pg_stat_statements counts the one execution that succeeded and not the three that were ended; its max_exec_time is that of
#            the fast one, and a statement that always times out is not in it. auto_explain and log_min_duration_statement write no
#            line. What remains is the error in the log, and xact_rollback.
# Why the guess is wrong: all three measure at the end of the execution, and an error leaves before. The worse it becomes, the better the statistics
#            look.
# Source:    contrib/pg_stat_statements/pg_stat_statements.c and contrib/auto_explain/auto_explain.c (ExecutorEnd);
#            src/backend/tcop/postgres.c, check_log_duration.
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
"${as[@]}" "$bin/pg_ctl" -D "$work/data" -o "-c listen_addresses= -c unix_socket_directories=$work -c shared_preload_libraries=pg_stat_statements,auto_explain -c auto_explain.log_min_duration=100ms -c log_min_duration_statement=100ms" -l "$work/log" -w start >/dev/null
export PGHOST="$work" PGUSER=probe PGDATABASE=postgres
query() { "$bin/psql" -X -A -t -q "$@"; }
query -c 'CREATE EXTENSION pg_stat_statements'
run() {
  if query -c "SET statement_timeout = '400ms'" -c "SELECT count(*) AS $1 FROM pg_sleep($2)" >"$work/out" 2>&1; then echo done; else sed -n 's/^ERROR:  //p' "$work/out"; fi
}
shown() { query -F ' ' -c "SELECT coalesce(sum(calls), 0) || ' calls' || CASE WHEN count(*) > 0 THEN ', max ' || CASE WHEN max(max_exec_time) < 400 THEN 'below' ELSE 'above' END || ' 400 ms' ELSE '' END FROM pg_stat_statements WHERE query LIKE '%AS $1 FROM%'"; }
seen="$(
for seconds in 0.2 5 5 5; do echo "sometimes, $seconds s: $(run sometimes "$seconds")"; done
for seconds in 5 5; do echo "always, $seconds s: $(run always "$seconds")"; done
for name in sometimes always; do
  echo "$name: pg_stat_statements $(shown "$name"); log_min_duration_statement $(grep -c "duration: .* statement: SELECT count(\*) AS $name" "$work/log" || true) lines, auto_explain $(grep -c "Query Text: SELECT count(\*) AS $name" "$work/log" || true); errors in the log $(grep -c "STATEMENT:  SELECT count(\*) AS $name" "$work/log")"
done
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
sometimes, 0.2 s: done
sometimes, 5 s: canceling statement due to statement timeout
sometimes, 5 s: canceling statement due to statement timeout
sometimes, 5 s: canceling statement due to statement timeout
always, 5 s: canceling statement due to statement timeout
always, 5 s: canceling statement due to statement timeout
sometimes: pg_stat_statements 1 calls, max below 400 ms; log_min_duration_statement 1 lines, auto_explain 1; errors in the log 3
always: pg_stat_statements 0 calls; log_min_duration_statement 0 lines, auto_explain 0; errors in the log 2
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: pg_stat_statements, auto_explain and log_min_duration_statement do not show a statement that statement_timeout has ended"
