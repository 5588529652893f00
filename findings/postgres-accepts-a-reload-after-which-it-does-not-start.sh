#!/usr/bin/env bash
# What does pg_reload_conf() return for a configuration with an error, and when does the error show?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     An error, or false: then the change is taken back at once, while its author is there. What was accepted and runs also starts.
# Behaviour: It returns true for each of four errors. The server goes on, and at its next start, which may be a failover at night, it does not start. For a wrong value the other changes of the file are in
#            force, so that the reload looks right. ALTER SYSTEM accepts a shared_preload_libraries that does not exist, without a warning. Only the log, pg_file_settings and pg_hba_file_rules show errors, and for the
#            library there is only "setting could not be applied", as for every change that needs a restart.
# Why the guess is wrong: the function sends a signal and returns whether it was sent. The running server keeps its old values when it reads an error; a server that starts has none.
# Source:    PostgreSQL documentation, pg_reload_conf, pg_file_settings, pg_hba_file_rules, and 20.1.2 (parameter interaction via the configuration file).
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
control() { "${as[@]}" "$bin/pg_ctl" -D "$work/data" "$@"; }
start() { control -o "-c listen_addresses= -c unix_socket_directories=$work" -l "$work/log" -w start >/dev/null 2>&1; }
restart() { control -m fast -w stop >/dev/null; if start; then echo starts; else echo 'does not start'; fi; }
errors() { query -c "SELECT count(*) FILTER (WHERE error IS NOT NULL) FROM $1"; }
# Until the log has the text, at most half a minute.
reload() {
  : >log
  query -c 'SELECT pg_reload_conf()'
  for _ in $(seq 300); do
    if grep -q "$1" log; then return; fi
    sleep 0.1
  done
  echo "the log has no line with $1" >&2
  exit 1
}
cp data/postgresql.conf conf.saved
cp data/pg_hba.conf hba.saved
back() { cat conf.saved >data/postgresql.conf; cat hba.saved >data/pg_hba.conf; start; }
seen="$(
echo 'log_connections = on' >>data/postgresql.conf
echo "a change: pg_reload_conf() $(reload 'parameter "log_connections" changed'), log_connections $(query -c 'SHOW log_connections'), errors in pg_file_settings $(errors pg_file_settings); $(restart)"
control -m fast -w stop >/dev/null
back
printf 'log_connections = on\nlog_disconnections on, too\n' >>data/postgresql.conf
echo "a change, and a line that is no assignment: pg_reload_conf() $(reload 'no changes were applied'), log_connections $(query -c 'SHOW log_connections'), errors in pg_file_settings $(errors pg_file_settings); $(restart)"
back
printf 'log_connections = on\nwork_mem = 64XB\n' >>data/postgresql.conf
echo "a change, and a value with an unknown unit: pg_reload_conf() $(reload 'unaffected changes were applied'), log_connections $(query -c 'SHOW log_connections'), errors in pg_file_settings $(errors pg_file_settings); $(restart)"
back
echo 'host all all 127.0.0.1/32 scram-sha256' >>data/pg_hba.conf
echo "an unknown method in pg_hba.conf: pg_reload_conf() $(reload 'pg_hba.conf was not reloaded'), errors in pg_hba_file_rules $(errors pg_hba_file_rules); $(restart)"
back
query -c "ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statments'"
echo "ALTER SYSTEM with a library that is absent: accepted, pg_reload_conf() $(reload 'without restarting the server'), in pg_file_settings: $(query -c 'SELECT string_agg(error, $$ $$) FROM pg_file_settings'); $(restart)"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
a change: pg_reload_conf() t, log_connections on, errors in pg_file_settings 0; starts
a change, and a line that is no assignment: pg_reload_conf() t, log_connections off, errors in pg_file_settings 1; does not start
a change, and a value with an unknown unit: pg_reload_conf() t, log_connections on, errors in pg_file_settings 1; does not start
an unknown method in pg_hba.conf: pg_reload_conf() t, errors in pg_hba_file_rules 1; does not start
ALTER SYSTEM with a library that is absent: accepted, pg_reload_conf() t, in pg_file_settings: setting could not be applied; does not start
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: pg_reload_conf() returns true for configurations with errors, after which the running server goes on and does not start again"
