#!/usr/bin/env bash
# What does sql_exporter show for a query that now returns no rows, and for one that fails?
#
# Versions:  sql_exporter 0.4.5 and PostgreSQL 15 of Debian 12 (prometheus-sql-exporter, postgresql): SELECT status, count(*) … GROUP BY status, each second.
# Guess:     No series for a status without rows, or 0; nothing for a query that fails, so that absent() and the staleness of Prometheus show both.
# Behaviour: The values of the last run that had rows, without end: 3 executions wait while none does, and 5 wait while the table is away. They have no
#            timestamp, so that Prometheus takes them for values of now. sql_exporter_last_scrape_failed is 1 for the query that fails, and stays 0 for the one without rows. allow_zero_rows: true
#            ends the first.
# Why the guess is wrong: queries run on an interval of their own into a cache, and the cache is replaced only by a run with at least one row. "zero rows returned" is an error that is logged.
# Source:    github.com/justwatchcom/sql_exporter at v0.4.5, query.go, Run (returns before "update the metrics cache" if the query fails or has no rows; AllowZeroRows) and job.go, runOnceConnection ("Failed to run query").
# Output seen: the text in `expected` at the end.
set -euo pipefail
case "$(dpkg-query -W -f='${Version}' prometheus-sql-exporter 2>/dev/null)" in 0.4.5-*) ;; *) echo "needs sql_exporter 0.4.5 (prometheus-sql-exporter)" >&2; exit 2 ;; esac
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
psql -X -q -c 'CREATE TABLE executions (status text)' -c "INSERT INTO executions SELECT 'waiting' FROM generate_series(1, 3)"
query() { cat <<YML
  - name: "$1"
    help: "executions"
    labels: [status]
    values: [count]
    query: "SELECT status, count(*) FROM $2 GROUP BY status"
    allow_zero_rows: $3
YML
}
cat >config.yml <<YML
jobs:
- name: probe
  interval: '1s'
  connections: ['postgres://probe@/postgres?host=$work&sslmode=disable']
  queries:
$(query executions executions false)
$(query executions_zero_rows executions true)
YML
port="$(node -e "const s = require('node:net').createServer().listen(0, '127.0.0.1', () => { console.log(s.address().port); s.close(); })")"
prometheus-sql-exporter -config.file config.yml -web.listen-address "127.0.0.1:$port" >exporter.log 2>&1 &
exporter=$!
trap 'kill "$exporter" 2>/dev/null || true; "${as[@]}" "$bin/pg_ctl" -D "$work/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
series() { curl -s "http://127.0.0.1:$port/metrics" | sed -n "s/^sql_$1{.*} \(.*\)/\1/p"; }
failed() { curl -s "http://127.0.0.1:$port/metrics" | sed -n "s/^sql_exporter_last_scrape_failed{.*query=\"$1\".*} \(.*\)/\1/p"; }
show() { echo "$1: waiting $(series executions), failed $(failed executions); with allow_zero_rows waiting $(series executions_zero_rows), failed $(failed executions_zero_rows)"; }
seen="$(
for _ in $(seq 300); do if [ "$(series executions)" = 3 ] && [ "$(series executions_zero_rows)" = 3 ]; then break; fi; sleep 0.1; done
show 'three wait'
psql -X -q -c "DELETE FROM executions"
for _ in $(seq 300); do if [ -z "$(series executions_zero_rows)" ]; then break; fi; sleep 0.1; done
sleep 3
show 'none waits'
psql -X -q -c "INSERT INTO executions SELECT 'waiting' FROM generate_series(1, 5)"
for _ in $(seq 300); do if [ "$(series executions)" = 5 ] && [ "$(series executions_zero_rows)" = 5 ]; then break; fi; sleep 0.1; done
show 'five wait'
psql -X -q -c "DROP TABLE executions"
for _ in $(seq 300); do if [ "$(failed executions)" = 1 ]; then break; fi; sleep 0.1; done
sleep 3
show 'the table is away'
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
three wait: waiting 3, failed 0; with allow_zero_rows waiting 3, failed 0
none waits: waiting 3, failed 0; with allow_zero_rows waiting , failed 0
five wait: waiting 5, failed 0; with allow_zero_rows waiting 5, failed 0
the table is away: waiting 5, failed 1; with allow_zero_rows waiting 5, failed 1
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: sql_exporter serves the last value that a query had, without end, when the query returns no rows or fails"
