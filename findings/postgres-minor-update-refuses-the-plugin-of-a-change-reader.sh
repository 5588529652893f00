#!/usr/bin/env bash
# What becomes of a change reader with wal2json at the minor update of PostgreSQL from 15.18 to 15.20?
#
# Versions:  PostgreSQL 15.20 and wal2json 2.5 of Debian 12 (postgresql, postgresql-15-wal2json). The time before the update is that with
#            output_plugin_libraries = 'pgoutput, test_decoding, wal2json'.
# Guess:     Nothing: minor versions change no behaviour, the package of wal2json is the same, and the slot is on disk.
# Behaviour: Reading fails with "may not be used as an output plugin", and so does a new slot. The server starts and reports nothing. The slot stays and keeps
#            the log: what the reader cannot read any more fills the disk. After the setting and a reload the reader gets all.
# Why the guess is wrong: since 15.19 only the plugins of PostgreSQL itself may be used unless the setting names others; it is a security fix.
#            pgoutput and test_decoding go on.
# Source:    /usr/share/doc/postgresql-15/changelog.Debian.gz, 15.19-0+deb12u1; PostgreSQL documentation, output_plugin_libraries.
# Output seen: the text in `expected` at the end.
set -euo pipefail
bin="$(find /usr/lib/postgresql/15/bin -maxdepth 0 2>/dev/null)" || { echo "needs PostgreSQL 15 of Debian" >&2; exit 2; }
[ -e /usr/lib/postgresql/15/lib/wal2json.so ] || { echo "needs postgresql-15-wal2json" >&2; exit 2; }
case "$("$bin/postgres" --version)" in *' 15.20 '*) ;; *) echo "needs PostgreSQL 15.20" >&2; exit 2 ;; esac
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
"${as[@]}" "$bin/pg_ctl" -D "$work/data" -o "-c listen_addresses= -c unix_socket_directories=$work -c wal_level=logical" -l "$work/log" -w start >/dev/null
export PGHOST="$work" PGUSER=probe PGDATABASE=postgres
query() { "$bin/psql" -X -A -t -q "$@"; }
setting() {
  query -c "ALTER SYSTEM $1" -c 'SELECT pg_reload_conf()' >/dev/null
  for _ in $(seq 200); do
    if [ "$(query -c 'SHOW output_plugin_libraries' | grep -c wal2json)" = "$2" ]; then return; fi
    sleep 0.05
  done
  echo 'the setting is not in force' >&2
  exit 1
}
run() { query -c "$1" 2>&1 | sed -n '1s/^ERROR:  //;1p'; }
read_it() { run "SELECT CASE WHEN count(*) > 0 THEN 'works' ELSE 'nothing' END FROM pg_logical_slot_get_changes('$1', NULL, NULL)"; }
insert() { query -c "INSERT INTO charges SELECT md5(n::text) FROM generate_series(1, 20000) AS n" -c 'CHECKPOINT'; }
kept() { query -c "SELECT CASE WHEN pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) > 1000000 THEN 'above' ELSE 'below' END || ' 1 MB' FROM pg_replication_slots WHERE slot_name = 'changes'"; }
query -c 'CREATE TABLE charges (key text)'
setting "SET output_plugin_libraries = pgoutput, test_decoding, wal2json" 1
seen="$(
echo "before, a slot with wal2json: $(run "SELECT slot_name FROM pg_create_logical_replication_slot('changes', 'wal2json')")"
query -c "SELECT pg_create_logical_replication_slot('other', 'test_decoding')" >/dev/null
query -c "INSERT INTO charges VALUES ('order-1')"
echo "before, reading: $(read_it changes)"
setting 'RESET output_plugin_libraries' 0
echo "after, the default: $(query -c 'SHOW output_plugin_libraries')"
insert
echo "after, reading: $(read_it changes)"
echo "after, a new slot: $(run "SELECT pg_create_logical_replication_slot('new', 'wal2json')")"
echo "after, reading with test_decoding: $(read_it other)"
echo "after, log that the slot keeps: $(kept)"
setting "SET output_plugin_libraries = pgoutput, test_decoding, wal2json" 1
echo "with the setting, reading: $(read_it changes)"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
before, a slot with wal2json: changes
before, reading: works
after, the default: pgoutput, test_decoding
after, reading: library "wal2json" may not be used as an output plugin
after, a new slot: library "wal2json" may not be used as an output plugin
after, reading with test_decoding: works
after, log that the slot keeps: above 1 MB
with the setting, reading: works
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: since PostgreSQL 15.19 a slot of wal2json cannot be read until output_plugin_libraries names the plugin, and keeps the log meanwhile"
