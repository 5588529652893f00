#!/usr/bin/env bash
# When does a function end that is made with CREATE FUNCTION … SET statement_timeout = '200ms', or sets it with SET LOCAL?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     After 200 ms at the latest: the setting is in force inside the function, as search_path or lock_timeout is.
# Behaviour: When it is ready. current_setting shows 200ms inside, and the function runs to its end, 2 s here. It works the other way as well: a function with one minute is ended after the 200 ms of its session.
#            The setting must be made before the statement that calls the function.
# Why the guess is wrong: the timer is started with the statement that the client has sent, with the value of that moment. A change of the setting reaches the next one; the statements of a function are not
#            statements in this sense.
# Source:    PostgreSQL documentation, 20.11.1 (statement_timeout, "measured from the time a command arrives at the server"); src/backend/tcop/postgres.c, start_xact_command.
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
query <<'SQL'
CREATE TABLE jobs (id integer PRIMARY KEY);
INSERT INTO jobs VALUES (1);
CREATE FUNCTION slow() RETURNS text LANGUAGE plpgsql SET statement_timeout = '200ms' AS $$ BEGIN PERFORM pg_sleep(2); RETURN 'ran to its end with statement_timeout ' || current_setting('statement_timeout'); END $$;
CREATE FUNCTION slow_set() RETURNS text LANGUAGE plpgsql AS $$ BEGIN SET LOCAL statement_timeout = '200ms'; PERFORM pg_sleep(2); RETURN 'ran to its end with statement_timeout ' || current_setting('statement_timeout'); END $$;
CREATE FUNCTION waiting() RETURNS text LANGUAGE plpgsql SET lock_timeout = '200ms' AS $$ BEGIN PERFORM FROM jobs FOR UPDATE; RETURN 'got the lock'; END $$;
CREATE FUNCTION longer() RETURNS text LANGUAGE plpgsql SET statement_timeout = '1min' AS $$ BEGIN PERFORM pg_sleep(2); RETURN 'ran to its end with statement_timeout ' || current_setting('statement_timeout'); END $$;
SQL
run() { query "$@" 2>&1 | sed 's/^ERROR:  //' | sed -n '1p'; }
seen="$(
echo "SET statement_timeout = '200ms' before the call: $(run -c "SET statement_timeout = '200ms'" -c 'SELECT pg_sleep(2)')"
echo "CREATE FUNCTION … SET statement_timeout = '200ms': $(run -c 'SELECT slow()')"
echo "SET LOCAL statement_timeout in the function: $(run -c 'SELECT slow_set()')"
echo "BEGIN; SET LOCAL statement_timeout; call: $(run -c 'BEGIN' -c "SET LOCAL statement_timeout = '200ms'" -c 'SELECT pg_sleep(2)')"
echo "CREATE FUNCTION … SET statement_timeout = '1min' in a session with 200ms: $(run -c "SET statement_timeout = '200ms'" -c 'SELECT longer()')"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
SET statement_timeout = '200ms' before the call: canceling statement due to statement timeout
CREATE FUNCTION … SET statement_timeout = '200ms': ran to its end with statement_timeout 200ms
SET LOCAL statement_timeout in the function: ran to its end with statement_timeout 200ms
BEGIN; SET LOCAL statement_timeout; call: canceling statement due to statement timeout
CREATE FUNCTION … SET statement_timeout = '1min' in a session with 200ms: canceling statement due to statement timeout
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a statement_timeout that a function sets, or is made with, does not end the function"
