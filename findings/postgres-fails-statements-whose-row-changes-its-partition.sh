#!/usr/bin/env bash
# What does READ COMMITTED do to a statement that waits for a row which another transaction moves to the next partition of its status?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     What it does with every row: it waits, reads the row again as it is now, and carries out the statement if the condition still holds. Errors with 40001 are for
#            REPEATABLE READ and SERIALIZABLE.
# Behaviour: UPDATE, DELETE and SELECT … FOR UPDATE fail with 40001, "tuple to be locked was already moved to another partition", also when their condition would no
#            longer hold. The same statements on a table without partitions end as guessed. An app that runs in READ COMMITTED has no retry for it.
# Why the guess is wrong: an UPDATE of the partition key is a DELETE here and an INSERT there. The old version has no link to a new one in another table, so that
#            there is nothing to read again.
# Source:    PostgreSQL documentation, UPDATE, Notes ("will get a serialization failure error").
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
CREATE TABLE whole (id integer, status text, attempts integer DEFAULT 0);
CREATE TABLE parted (id integer, status text, attempts integer DEFAULT 0) PARTITION BY LIST (status);
CREATE TABLE parted_open PARTITION OF parted FOR VALUES IN ('open');
CREATE TABLE parted_done PARTITION OF parted FOR VALUES IN ('done');
INSERT INTO whole SELECT id, 'open' FROM generate_series(1, 4) AS id;
INSERT INTO parted SELECT id, 'open' FROM generate_series(1, 4) AS id;
SQL
# trial TABLE ID STATEMENT: another transaction has set the status and commits when the statement waits for its lock.
trial() {
  {
    echo "BEGIN; UPDATE $1 SET status = 'done' WHERE id = $2;"
    echo '\! touch updated'
    echo "DO \$\$ BEGIN WHILE NOT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock') LOOP PERFORM pg_sleep(0.02), pg_stat_clear_snapshot(); END LOOP; END \$\$;"
    echo 'COMMIT;'
  } | query &
  until [ -e updated ]; do sleep 0.02; done
  result="$(query -v VERBOSITY=verbose -c "$3" 2>&1 | sed -n 's/^ERROR:  //p; /^[0-9]/p' | head -n 1)"
  wait "$!"
  rm updated
  echo "$3: ${result:-no row}"
}
seen="$(
for table in whole parted; do
  trial "$table" 1 "UPDATE $table SET attempts = attempts + 1 WHERE id = 1 RETURNING *"
  trial "$table" 2 "UPDATE $table SET attempts = attempts + 1 WHERE id = 2 AND status = 'open' RETURNING *"
  trial "$table" 3 "SELECT * FROM $table WHERE id = 3 FOR UPDATE"
  trial "$table" 4 "DELETE FROM $table WHERE id = 4 RETURNING *"
done
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
UPDATE whole SET attempts = attempts + 1 WHERE id = 1 RETURNING *: 1|done|1
UPDATE whole SET attempts = attempts + 1 WHERE id = 2 AND status = 'open' RETURNING *: no row
SELECT * FROM whole WHERE id = 3 FOR UPDATE: 3|done|0
DELETE FROM whole WHERE id = 4 RETURNING *: 4|done|0
UPDATE parted SET attempts = attempts + 1 WHERE id = 1 RETURNING *: 40001: tuple to be locked was already moved to another partition due to concurrent update
UPDATE parted SET attempts = attempts + 1 WHERE id = 2 AND status = 'open' RETURNING *: 40001: tuple to be locked was already moved to another partition due to concurrent update
SELECT * FROM parted WHERE id = 3 FOR UPDATE: 40001: tuple to be locked was already moved to another partition due to concurrent update
DELETE FROM parted WHERE id = 4 RETURNING *: 40001: tuple to be locked was already moved to another partition due to concurrent update
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: in READ COMMITTED, statements that wait for a row fail with 40001 if the row moves to another partition"
