#!/usr/bin/env bash
# What does pg_rewind do with the old primary, which has a row of its own, right after its standby was promoted?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql): pg_rewind, with wal_log_hints; "pg_ctl promote" has returned.
# Guess:     It rewinds: that is its purpose, and the promoted server already accepts writes. If it could not tell yet, it would fail.
# Behaviour: "no rewind required", with exit code 0. The old primary then starts as a standby and shows the row that the new primary does not have.
#            It never follows it: its log repeats that the timelines forked earlier. After a CHECKPOINT on the new primary
#            the same command rewinds.
# Why the guess is wrong: pg_rewind compares the timelines in the two control files, and a promotion writes the new one there with its first checkpoint,
#            which is spread over minutes when there is much to write.
# Source:    src/bin/pg_rewind/pg_rewind.c, main (checkPointCopy.ThisTimeLineID of both control files);
#            src/backend/access/transam/xlog.c, PerformRecoveryXLogAction (checkpoint after a promotion).
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
"${as[@]}" "$bin/pg_ctl" -D "$work/data" -o "-c listen_addresses= -c unix_socket_directories=$work -c wal_log_hints=on -c checkpoint_timeout=1h -c max_wal_size=4GB -c wal_keep_size=1GB" -l "$work/log" -w start >/dev/null
export PGHOST="$work" PGUSER=probe PGDATABASE=postgres
query() { "$bin/psql" -X -A -t -q "$@"; }
query -c 'CREATE TABLE charges (key text)' -c CHECKPOINT
mkdir second
if [ "$(id -u)" -eq 0 ]; then chown postgres second; fi
"${as[@]}" "$bin/pg_basebackup" -h "$work" -U probe -D "$work/standby" -R -X stream -c fast
start_on() { "${as[@]}" "$bin/pg_ctl" -D "$1" -o "-c listen_addresses= -c unix_socket_directories=$2 -c wal_log_hints=on -c checkpoint_timeout=1h -c max_wal_size=4GB -c wal_keep_size=1GB" -l "$3" -w start >/dev/null; }
start_on "$work/standby" "$work/second" "$work/log-2"
trap '"${as[@]}" "$bin/pg_ctl" -D "$work/standby" -m immediate stop >/dev/null 2>&1 || true; "${as[@]}" "$bin/pg_ctl" -D "$work/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
# What the first checkpoint of the promoted server will have to write.
query -c 'CREATE TABLE work AS SELECT i, repeat($$x$$, 500) AS text FROM generate_series(1, 60000) AS i'
position="$(query -c 'SELECT pg_current_wal_lsn()')"
for _ in $(seq 600); do
  if [ "$(query -h "$work/second" -c "SELECT pg_last_wal_replay_lsn() >= '$position'")" = t ]; then break; fi
  sleep 0.05
done
"${as[@]}" "$bin/pg_ctl" -D "$work/standby" -w promote >/dev/null
# One client has not heard of it.
query -c "INSERT INTO charges VALUES ('order-4711')"
"${as[@]}" "$bin/pg_ctl" -D "$work/data" -m fast -w stop >/dev/null
rewind() {
  code=0
  "${as[@]}" "$bin/pg_rewind" -D "$work/data" --source-server="host=$work/second user=probe dbname=postgres" -R >"$work/rewind" 2>&1 || code=$?
  echo "pg_rewind: exit code $code; $(tail -n 1 "$work/rewind" | sed 's/^pg_rewind: //')"
}
follow() {
  rm -f "$work/log"
  "${as[@]}" touch "$work/data/standby.signal"
  start_on "$work/data" "$work" "$work/log"
  for _ in $(seq 200); do
    if grep -q -e 'forked off' -e 'on timeline 2' "$work/log"; then break; fi
    sleep 0.05
  done
  echo "rows on the old primary, as a standby: $(query -c 'SELECT count(*) FROM charges'), on the new primary: $(query -h "$work/second" -c 'SELECT count(*) FROM charges'); $(grep -q 'started streaming .* on timeline 2' "$work/log" && echo follows || sed -n 's/.*\(forked off current\) database system \(timeline .\) before.*/does not follow: \1 \2/p' "$work/log" | head -n 1)"
  "${as[@]}" "$bin/pg_ctl" -D "$work/data" -m fast -w stop >/dev/null
}
seen="$(
echo "the new primary takes writes: $(query -h "$work/second" -c 'SELECT NOT pg_is_in_recovery()')"
rewind
follow
query -h "$work/second" -c CHECKPOINT
echo 'after CHECKPOINT on the new primary:'
rewind
follow
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
the new primary takes writes: t
pg_rewind: exit code 0; no rewind required
rows on the old primary, as a standby: 1, on the new primary: 0; does not follow: forked off current timeline 1
after CHECKPOINT on the new primary:
pg_rewind: exit code 0; Done!
rows on the old primary, as a standby: 0, on the new primary: 0; follows
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: right after a promotion pg_rewind 15 finds that no rewind is required and exits with 0, so that the old primary keeps its own rows and never follows"
