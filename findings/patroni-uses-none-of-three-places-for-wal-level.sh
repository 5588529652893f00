#!/usr/bin/env bash
# Where can wal_level and max_connections be set for a PostgreSQL that Patroni manages?
#
# Versions:  Patroni 3.0.2, etcd 3.4.23, and PostgreSQL 15 of Debian 12 (patroni, python3-etcd, etcd-server, postgresql); one member.
# Guess:     In patroni.yml under postgresql: parameters, where all settings of the member are; or with ALTER SYSTEM, which PostgreSQL reads last; after a restart.
# Behaviour: Neither: both stay at the values that Patroni chose at its first start (replica, 100), while work_mem of the same lines is taken. No start, reload, or restart fails; pg_file_settings alone marks the two lines of ALTER SYSTEM. A change to
#            bootstrap: dcs: in patroni.yml has no effect either, as it is read once, when the cluster is made. Only a change of the configuration in etcd (patronictl edit-config, PATCH /config) counts, and
#            it counts for all members.
# Why the guess is wrong: settings that must be equal on all members come from the key "config" in etcd only, and Patroni gives them on the command line, which wins over each file.
# Source:    Patroni at v3.0.2, docs/dynamic_configuration.rst ("values set either in the local patroni configuration files or via the environment variables take no effect"; "passed as a list of arguments to the pg_ctl start
#            which gives them the highest precedence, even above ALTER SYSTEM") and docs/SETTINGS.rst, bootstrap: dcs ("All later changes of bootstrap.dcs will not take any effect!").
# Output seen: the text in `expected` at the end.
set -euo pipefail
[ "$(patroni --version 2>&1)" = 'patroni 3.0.2' ] || { echo "needs Patroni 3.0.2 (patroni)" >&2; exit 2; }
case "$(etcd --version 2>&1 | head -1)" in 'etcd Version: 3.4.23') ;; *) echo "needs etcd 3.4.23 (etcd-server)" >&2; exit 2 ;; esac
bin="$(find /usr/lib/postgresql/15/bin -maxdepth 0 2>/dev/null)" || { echo "needs PostgreSQL 15 of Debian" >&2; exit 2; }
work="$(mktemp -d)"
as=()
# A server refuses to run as root.
if [ "$(id -u)" -eq 0 ]; then
  as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
  chown postgres "$work"
fi
cd "$work"
patroni=''
etcd=''
cleanup() {
  if [ -n "$patroni" ]; then kill "$patroni" 2>/dev/null || true; wait "$patroni" 2>/dev/null || true; fi
  "${as[@]}" "$bin/pg_ctl" -D "$work/data" -m immediate stop >/dev/null 2>&1 || true
  if [ -n "$etcd" ]; then kill "$etcd" 2>/dev/null || true; fi
  wait || true
  rm -rf "$work"
}
trap cleanup EXIT
port() { node -e "const s = require('node:net').createServer().listen(0, '127.0.0.1', () => { console.log(s.address().port); s.close(); })"; }
client="$(port)" peer="$(port)" rest="$(port)" sql="$(port)"
etcd --data-dir etcd --listen-client-urls "http://127.0.0.1:$client" --advertise-client-urls "http://127.0.0.1:$client" --listen-peer-urls "http://127.0.0.1:$peer" --initial-advertise-peer-urls "http://127.0.0.1:$peer" --initial-cluster "default=http://127.0.0.1:$peer" >etcd.log 2>&1 &
etcd=$!
cat >patroni.yml <<YML
scope: probe
name: one
restapi: { listen: 127.0.0.1:$rest, connect_address: 127.0.0.1:$rest }
etcd3: { host: 127.0.0.1:$client }
bootstrap:
  dcs:
    ttl: 20
    loop_wait: 2
    retry_timeout: 5
    postgresql: { use_slots: true }
  initdb: [ { auth-local: trust }, { auth-host: trust } ]
postgresql:
  listen: 127.0.0.1:$sql
  connect_address: 127.0.0.1:$sql
  data_dir: $work/data
  bin_dir: $bin
  pgpass: $work/pgpass
  authentication: { superuser: { username: postgres }, replication: { username: replicator } }
  parameters: { unix_socket_directories: '$work', wal_level: logical, max_connections: 300, work_mem: 8MB }
YML
chmod a+rX "$work" patroni.yml
"${as[@]}" patroni patroni.yml >patroni.log 2>&1 &
patroni=$!
query() { "$bin/psql" -X -A -t -q -h "$work" -p "$sql" -U postgres -d postgres "$@"; }
ready() { for _ in $(seq 300); do if [ "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$rest/primary")" = 200 ] && query -c 'SELECT 1' >/dev/null 2>&1; then return; fi; sleep 0.2; done; tail -20 patroni.log >&2; exit 1; }
restart() {
  started="$(query -c 'SELECT pg_postmaster_start_time()')"
  patronictl -c patroni.yml restart --force probe >/dev/null 2>&1
  ready
  [ "$(query -c 'SELECT pg_postmaster_start_time()')" != "$started" ] || echo 'not restarted'
}
show() { echo "$1: $(query -c "SELECT string_agg(name || ' ' || setting || ' from ' || source, ', ' ORDER BY name) FROM pg_settings WHERE name IN ('wal_level', 'max_connections', 'work_mem')")"; }
seen="$(
ready
show 'in patroni.yml from the start: logical, 300, 8MB'
query -c "ALTER SYSTEM SET wal_level = logical" -c 'ALTER SYSTEM SET max_connections = 300' -c "ALTER SYSTEM SET work_mem = '16MB'"
restart
show 'ALTER SYSTEM to logical, 300, 16MB, restarted'
echo "lines that pg_file_settings marks: $(query -c "SELECT string_agg(name || ' ' || error, ', ' ORDER BY name) FROM pg_file_settings WHERE error IS NOT NULL")"
sed -i 's/postgresql: { use_slots: true }/postgresql: { use_slots: true, parameters: { wal_level: logical, max_connections: 300 } }/' patroni.yml
kill -HUP "$patroni"
restart
show 'in bootstrap: dcs: of patroni.yml, restarted'
curl -s -o /dev/null -X PATCH -d '{"postgresql":{"parameters":{"wal_level":"logical","max_connections":300}}}' "http://127.0.0.1:$rest/config"
for _ in $(seq 100); do if patronictl -c patroni.yml list 2>/dev/null | grep -q '\*'; then break; fi; sleep 0.2; done
restart
show 'in etcd, by PATCH /config, restarted'
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
in patroni.yml from the start: logical, 300, 8MB: max_connections 100 from command line, wal_level replica from command line, work_mem 8192 from configuration file
ALTER SYSTEM to logical, 300, 16MB, restarted: max_connections 100 from command line, wal_level replica from command line, work_mem 16384 from configuration file
lines that pg_file_settings marks: max_connections setting could not be applied, wal_level setting could not be applied
in bootstrap: dcs: of patroni.yml, restarted: max_connections 100 from command line, wal_level replica from command line, work_mem 16384 from configuration file
in etcd, by PATCH /config, restarted: max_connections 300 from command line, wal_level logical from command line, work_mem 16384 from configuration file
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: Patroni takes wal_level and max_connections from its configuration in etcd only, and ignores patroni.yml and ALTER SYSTEM for them"
