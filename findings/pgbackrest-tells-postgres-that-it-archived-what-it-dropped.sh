#!/usr/bin/env bash
# What does PostgreSQL know of the segments that pgBackRest drops because of archive-push-queue-max?
#
# Versions:  pgBackRest 2.45 and PostgreSQL 15 of Debian 12 (pgbackrest, postgresql).
# Guess:     That they failed: archive_command ends with an error, failed_count rises, and the alert on it fires. The limit keeps the disk from
#            filling in some other way.
# Behaviour: That they are archived: archived_count rises, last_archived_wal is a segment that exists nowhere, and PostgreSQL removes it. When the
#            repository is back, archiving goes on behind a gap: no recovery passes it before the next backup. "pgbackrest info" shows one
#            range, from the first to the last segment. What remains is a warning in the log.
# Why the guess is wrong: PostgreSQL removes a segment only when it is reported as archived, so pgBackRest reports it. The limit keeps the database
#            running at the price of the archive.
# Source:    pgBackRest configuration reference, archive-push-queue-max ("pgBackRest will notify PostgreSQL that the WAL was successfully archived,
#            then DROP IT"); src/command/archive/push/push.c.
# Output seen: the text in `expected` at the end.
set -euo pipefail
bin="$(find /usr/lib/postgresql/15/bin -maxdepth 0 2>/dev/null)" || { echo "needs PostgreSQL 15 of Debian" >&2; exit 2; }
command -v pgbackrest >/dev/null || { echo "needs pgbackrest" >&2; exit 2; }
[ "$(pgbackrest version)" = 'pgBackRest 2.45' ] || { echo "needs pgBackRest 2.45" >&2; exit 2; }
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
"${as[@]}" "$bin/pg_ctl" -D "$work/data" -o "-c listen_addresses= -c unix_socket_directories=$work -c wal_level=replica -c archive_mode=on" -l "$work/log" -w start >/dev/null
export PGHOST="$work" PGUSER=probe PGDATABASE=postgres
query() { "$bin/psql" -X -A -t -q "$@"; }
mkdir repo lock spool
cat >pgbackrest.conf <<CONF
[global]
repo1-path=$work/repo
lock-path=$work/lock
log-path=$work
log-level-console=warn
log-level-file=off
archive-push-queue-max=64MB
archive-timeout=5
[main]
pg1-path=$work/data
pg1-socket-path=$work
pg1-user=probe
CONF
if [ "$(id -u)" -eq 0 ]; then chown -R postgres repo lock spool; fi
pgbackrest_as() { "${as[@]}" pgbackrest --config="$work/pgbackrest.conf" --stanza=main "$@"; }
pgbackrest_as stanza-create >/dev/null
query -c "ALTER SYSTEM SET archive_command = 'pgbackrest --config=$work/pgbackrest.conf --stanza=main archive-push %p'" -c 'SELECT pg_reload_conf()' -c 'CREATE TABLE charges (key text)' >/dev/null
until_count() {
  for _ in $(seq 900); do
    if [ "$(query -c 'SELECT archived_count FROM pg_stat_archiver')" -ge "$1" ]; then return; fi
    sleep 0.1
  done
  echo "$1 segments are not archived" >&2
  exit 1
}
segment() { query -c 'SELECT pg_walfile_name(pg_current_wal_lsn())'; }
write_segment() {
  name="$(segment)"
  query -c "INSERT INTO charges VALUES ('$name')" -c 'SELECT pg_switch_wal()' >/dev/null
  echo "$name"
}
in_repo() { if find repo/archive -name "$1*" | grep -q .; then echo 'in the repository'; else echo 'not in the repository'; fi; }
seen="$(
first="$(write_segment)"
until_count 1
echo "segment 1: $(in_repo "$first")"
query -c "SELECT pg_stat_reset_shared('archiver')" >/dev/null
# The repository is away.
mv repo/archive repo/away
touch repo/archive
names=()
for _ in 2 3; do names+=("$(write_segment)"); done
for _ in $(seq 600); do
  if [ "$(query -c 'SELECT failed_count > 0 FROM pg_stat_archiver')" = t ]; then break; fi
  sleep 0.1
done
echo "the repository is away, two segments wait: $(query -c "SELECT CASE WHEN failed_count > 0 THEN 'failures' ELSE 'no failure' END || ', archived ' || archived_count FROM pg_stat_archiver")"
for _ in 4 5 6 7 8; do names+=("$(write_segment)"); done
until_count 3
echo 'seven wait, more than archive-push-queue-max: archived at least 3'
rm repo/archive
mv repo/away repo/archive
names+=("$(write_segment)")
until_count 8
echo 'the repository is back: archived all 8 that were written since'
lacking=0
for name in "${names[@]}"; do
  if [ "$(in_repo "$name")" != 'in the repository' ]; then lacking=$((lacking + 1)); fi
done
echo "the repository lacks: $([ "$lacking" -ge 3 ] && echo 'at least 3' || echo "$lacking")"
echo "pgbackrest info: ranges $(pgbackrest_as info | grep -c 'wal archive min/max'), from segment 1: $(pgbackrest_as info | grep -c "wal archive min/max (15): $first/")"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
segment 1: in the repository
the repository is away, two segments wait: failures, archived 0
seven wait, more than archive-push-queue-max: archived at least 3
the repository is back: archived all 8 that were written since
the repository lacks: at least 3
pgbackrest info: ranges 1, from segment 1: 1
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: pgBackRest tells PostgreSQL that the segments are archived which it drops because of archive-push-queue-max, so that only a warning in the log shows the gap"
