#!/usr/bin/env bash
# What do an audit trigger and a second worker see of an UPDATE of the status, when the table is partitioned by the status?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql), READ COMMITTED.
# Guess:     What they see in an ordinary table: partitions are a matter of storage. AFTER UPDATE runs for each row; a second UPDATE waits, evaluates its
#            condition again, and changes no row.
# Behaviour: AFTER UPDATE … FOR EACH ROW does not run; AFTER DELETE and AFTER INSERT do, so that an audit trail records a deletion and a new row, or
#            nothing. A BEFORE DELETE trigger that protects the rows refuses the UPDATE. The second UPDATE fails with 40001, which nobody
#            expects at READ COMMITTED. An UPDATE that stays in its partition is an ordinary one.
# Why the guess is wrong: a row that changes its partition is deleted in one table and inserted into another, and its new version has no link from the
#            old one that a waiting statement could follow.
# Source:    PostgreSQL documentation, 39.1 (overview of trigger behavior), 5.11.2.3 and UPDATE, notes.
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
CREATE TABLE audit (id serial, entry text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO audit (entry) VALUES (TG_WHEN || ' ' || TG_OP);
  RETURN NULL;
END $$;
CREATE TABLE plain (id text, status text, note text);
CREATE TABLE parted (id text, status text, note text) PARTITION BY LIST (status);
CREATE TABLE parted_pending PARTITION OF parted FOR VALUES IN ('pending');
CREATE TABLE parted_done PARTITION OF parted FOR VALUES IN ('done');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON plain FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON parted FOR EACH ROW EXECUTE FUNCTION note();
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'rows are never deleted'; END $$;
SQL
update() {
  query -c 'TRUNCATE audit' -c "$1"
  query -c "SELECT coalesce(string_agg(entry, ', ' ORDER BY id), 'nothing') FROM audit"
}
second() {
  cat >second.sh <<SH
"$bin/psql" -X -q -v VERBOSITY=sqlstate -c "SET application_name = 'second'" -c "UPDATE $1 SET status = 'done' WHERE id = 'order-2' AND status = 'pending' RETURNING id" >second.out 2>&1 &
for _ in \$(seq 200); do
  if [ -n "\$("$bin/psql" -X -A -t -q -c "SELECT 1 FROM pg_stat_activity WHERE application_name = 'second' AND wait_event_type = 'Lock'")" ]; then break; fi
  sleep 0.05
done
SH
  query -c BEGIN -c "UPDATE $1 SET status = 'done' WHERE id = 'order-2'" -c '\! bash second.sh' -c COMMIT
  for _ in $(seq 200); do
    if [ -s second.out ]; then break; fi
    sleep 0.05
  done
  sed -n -e '/^ERROR/p' -e '/rows\{0,1\})/p' second.out | tr -d '()'
}
seen="$(
for table in plain parted; do
  query -c "INSERT INTO $table VALUES ('order-1', 'pending'), ('order-2', 'pending'), ('order-3', 'pending')"
  echo "$table, another column: $(update "UPDATE $table SET note = 'x' WHERE id = 'order-1'")"
  echo "$table, the status: $(update "UPDATE $table SET status = 'done' WHERE id = 'order-1'")"
  echo "$table, two workers: $(second "$table")"
  query -c "CREATE TRIGGER keep BEFORE DELETE ON $table FOR EACH ROW EXECUTE FUNCTION refuse()"
  echo "$table, rows protected from DELETE: $(query -c "UPDATE $table SET status = 'done' WHERE id = 'order-3' RETURNING 'updated ' || id" 2>&1 | sed -n '1s/^ERROR:  //;1p')"
done
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
plain, another column: AFTER UPDATE
plain, the status: AFTER UPDATE
plain, two workers: 0 rows
plain, rows protected from DELETE: updated order-3
parted, another column: AFTER UPDATE
parted, the status: AFTER DELETE, AFTER INSERT
parted, two workers: ERROR:  40001
parted, rows protected from DELETE: rows are never deleted
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: an UPDATE that moves a row to another partition does not run AFTER UPDATE triggers, and makes a concurrent UPDATE fail with 40001 at READ COMMITTED"
