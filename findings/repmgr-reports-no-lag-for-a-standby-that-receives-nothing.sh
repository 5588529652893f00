#!/usr/bin/env bash
# What does "repmgr node check --replication-lag" report on a standby that is not connected to its primary, while rows are written there?
#
# Versions:  repmgr 5.3.3 and PostgreSQL 15 of Debian 12 (repmgr, postgresql-15-repmgr, postgresql): one primary, one streaming standby.
# Guess:     The seconds since the last row that it has, more with each second, and WARNING or CRITICAL beyond the limits.
# Behaviour: "OK (0 seconds)", exit code 0, without end. A failover to it loses all that the primary has acknowledged since. pg_last_xact_replay_timestamp() alone would show the age.
#            A standby that receives and does not replay (paused) is reported as late.
# Why the guess is wrong: the check asks whether everything that was received is replayed, and then says 0, so that a primary at rest is not reported as a lag. A
#            standby that receives nothing has replayed everything. Many queries for monitoring have the same CASE. "node check --upstream", pg_stat_wal_receiver, or the
#            primary's pg_stat_replication show it.
# Source:    repmgr, dbutils.c, get_replication_lag_seconds.
# Output seen: the text in `expected` at the end.
set -euo pipefail
bin="$(find /usr/lib/postgresql/15/bin -maxdepth 0 2>/dev/null)" || { echo "needs PostgreSQL 15 of Debian" >&2; exit 2; }
[ "$("$bin/repmgr" --version 2>/dev/null)" = 'repmgr 5.3.3' ] || { echo "needs repmgr 5.3.3 (postgresql-15-repmgr)" >&2; exit 2; }
work="$(mktemp -d)"
as=()
# A server refuses to run as root.
if [ "$(id -u)" -eq 0 ]; then
  as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
  chown postgres "$work"
fi
cd "$work"
stop() { for node in 2 1; do "${as[@]}" "$bin/pg_ctl" -D "$work/data$node" -m immediate stop >/dev/null 2>&1 || true; done; }
trap 'stop; rm -rf "$work"' EXIT
export PGUSER=probe PGDATABASE=postgres HOME="$work"
start() { "${as[@]}" "$bin/pg_ctl" -D "$work/data$1" -o "-c listen_addresses= -c unix_socket_directories=$work -c port=543$1" -l "$work/log$1" -w start >/dev/null; }
query() { node="$1"; shift; "$bin/psql" -X -A -t -q -h "$work" -p "543$node" "$@"; }
"${as[@]}" "$bin/initdb" -D "$work/data1" -U probe -A trust >/dev/null
start 1
"${as[@]}" "$bin/pg_basebackup" -h "$work" -p 5431 -D "$work/data2" -R -X stream -c fast -d 'application_name=standby'
start 2
for node in 1 2; do
  cat >"node$node.conf" <<CONF
node_id=$node
node_name='node$node'
conninfo='host=$work port=543$node user=probe dbname=postgres connect_timeout=2'
data_directory='$work/data$node'
log_level=ERROR
CONF
done
repmgr() { "${as[@]}" "$bin/repmgr" -f "$work/node$1.conf" "${@:2}"; }
repmgr 1 primary register >register.log 2>&1 || { cat register.log >&2; exit 1; }
repmgr 2 standby register --upstream-node-id=1 --force >register.log 2>&1 || { cat register.log >&2; exit 1; }
query 1 -c 'CREATE TABLE charges (id integer)'
same() {
  end="$(query 1 -c 'SELECT pg_current_wal_lsn()')"
  until [ "$(query 2 -c "SELECT pg_last_wal_replay_lsn() >= '$end'")" = t ]; do sleep 0.1; done
}
check() {
  code=0
  text="$(repmgr 2 node check --replication-lag 2>/dev/null | sed 's/([1-9][0-9]* seconds/(more than 0 seconds/')" || true
  repmgr 2 node check --replication-lag --nagios >/dev/null 2>&1 || code=$?
  echo "$1: $text, exit code $code; rows primary $(query 1 -c 'SELECT count(*) FROM charges'), standby $(query 2 -c 'SELECT count(*) FROM charges'); pg_stat_wal_receiver $(query 2 -c 'SELECT count(*) FROM pg_stat_wal_receiver')"
}
seen="$(
same
check 'streaming'
query 2 -c 'SELECT pg_wal_replay_pause()' >/dev/null
until [ "$(query 2 -c 'SELECT pg_get_wal_replay_pause_state()')" = paused ]; do sleep 0.1; done
query 1 -c 'INSERT INTO charges VALUES (1)'
until [ "$(query 2 -c 'SELECT pg_last_wal_receive_lsn() > pg_last_wal_replay_lsn()')" = t ]; do sleep 0.1; done
sleep 2
check 'replay paused'
query 2 -c 'SELECT pg_wal_replay_resume()' >/dev/null
same
query 2 -c "ALTER SYSTEM SET primary_conninfo = ''" -c 'SELECT pg_reload_conf()' >/dev/null
until [ "$(query 2 -c 'SELECT count(*) FROM pg_stat_wal_receiver')" = 0 ]; do sleep 0.1; done
query 1 -c 'INSERT INTO charges SELECT generate_series(2, 1000)'
sleep 2
check 'not connected'
echo "age of the last replayed transaction: $(query 2 -c 'SELECT now() - pg_last_xact_replay_timestamp() > interval '"'1 second'")"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
streaming: OK (0 seconds), exit code 0; rows primary 0, standby 0; pg_stat_wal_receiver 1
replay paused: OK (more than 0 seconds), exit code 0; rows primary 1, standby 0; pg_stat_wal_receiver 1
not connected: OK (0 seconds), exit code 0; rows primary 1000, standby 1; pg_stat_wal_receiver 0
age of the last replayed transaction: t
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: repmgr node check --replication-lag reports OK (0 seconds) on a standby that is not connected to its primary"
