#!/usr/bin/env bash
# Can INSERT … ON CONFLICT DO UPDATE set the status of a row in a table that is partitioned by that status?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     Yes: UPDATE moves a row to the partition of its new status since PostgreSQL 11, and DO UPDATE is an UPDATE of the row that conflicts.
# Behaviour: No: "invalid ON UPDATE specification", but only for a row that is there already and would move. The first result of each id is inserted, and an update that stays in
#            its partition works, so that tests without a conflict pass. UPDATE and MERGE move the row. RETURNING xmax, which tells an insert from an update on a plain
#            table, fails on every partitioned one.
# Why the guess is wrong: DO UPDATE has locked the row that conflicts and changes it in place; the code that deletes a row here and inserts it there is
#            not reached from there, and the executor refuses it.
# Source:    PostgreSQL documentation, INSERT, ON CONFLICT ("currently not supported … to update the partition key").
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
CREATE TABLE executions (id integer, shard integer DEFAULT 1, status text, attempts integer DEFAULT 0, PRIMARY KEY (id, shard, status)) PARTITION BY LIST (status);
CREATE TABLE executions_open PARTITION OF executions FOR VALUES IN ('open');
CREATE TABLE executions_done PARTITION OF executions FOR VALUES IN ('done');
SQL
trial() {
  result="$(query -c "$1" 2>&1 | sed -n '1s/^ERROR:  //; 1p' || true)"
  echo "$1: ${result:-done}"
}
seen="$(
upsert="INSERT INTO executions (id, status) VALUES (1, 'open') ON CONFLICT (id, shard, status) DO UPDATE SET"
trial "$upsert status = 'done' RETURNING id, status"
trial "$upsert attempts = executions.attempts + 1 RETURNING id, attempts"
trial "$upsert status = 'done' RETURNING id, status"
trial "$upsert attempts = executions.attempts + 1 RETURNING xmax = 0"
trial "MERGE INTO executions USING (VALUES (1)) AS new (id) ON executions.id = new.id WHEN MATCHED THEN UPDATE SET status = 'done'"
trial 'SELECT id, status FROM executions'
trial "UPDATE executions SET status = 'open' WHERE id = 1 RETURNING id, status"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
INSERT INTO executions (id, status) VALUES (1, 'open') ON CONFLICT (id, shard, status) DO UPDATE SET status = 'done' RETURNING id, status: 1|open
INSERT INTO executions (id, status) VALUES (1, 'open') ON CONFLICT (id, shard, status) DO UPDATE SET attempts = executions.attempts + 1 RETURNING id, attempts: 1|1
INSERT INTO executions (id, status) VALUES (1, 'open') ON CONFLICT (id, shard, status) DO UPDATE SET status = 'done' RETURNING id, status: invalid ON UPDATE specification
INSERT INTO executions (id, status) VALUES (1, 'open') ON CONFLICT (id, shard, status) DO UPDATE SET attempts = executions.attempts + 1 RETURNING xmax = 0: cannot retrieve a system column in this context
MERGE INTO executions USING (VALUES (1)) AS new (id) ON executions.id = new.id WHEN MATCHED THEN UPDATE SET status = 'done': done
SELECT id, status FROM executions: 1|done
UPDATE executions SET status = 'open' WHERE id = 1 RETURNING id, status: 1|open
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: ON CONFLICT DO UPDATE fails if the row would move to another partition; UPDATE and MERGE move it"
