#!/usr/bin/env bash
# What protects the rows of an append-only audit table after the partition of an old month has been detached?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     All that protected them before: the partition is the same table, with its keys, its checks and the trigger that refuses UPDATE and DELETE.
# Behaviour: Keys, checks and NOT NULL stay; the trigger is dropped without a notice. UPDATE and DELETE, refused a moment before, change the archived month. Attached again,
#            the partition gets the trigger back, and the changed rows.
# Why the guess is wrong: a row trigger of a partitioned table exists in each partition as a clone that belongs to the one of the parent, and DETACH removes clones. Constraints
#            and indexes only lose the link to their parent. A job that detaches months to archive them needs CREATE TRIGGER on the partition itself,
#            before DETACH and with another name.
# Source:    PostgreSQL documentation, CREATE TRIGGER ("its clone triggers are removed") and ALTER TABLE, DETACH PARTITION.
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
CREATE TABLE audit (id integer NOT NULL, at date NOT NULL, entry text CHECK (entry <> ''), PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE audit_10 PARTITION OF audit FOR VALUES FROM ('2026-10-01') TO ('2026-11-01');
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'the audit trail is append-only'; END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION refuse();
INSERT INTO audit VALUES (1, '2026-10-03', 'charged'), (2, '2026-10-04', 'refunded');
SQL
trial() {
  result="$(query -c "$1" 2>&1 | sed -n '1s/^ERROR:  //p' || true)"
  echo "$1: ${result:-done}"
}
seen="$(
trial "UPDATE audit_10 SET entry = 'forged' WHERE id = 1"
trial 'ALTER TABLE audit DETACH PARTITION audit_10'
trial "INSERT INTO audit_10 VALUES (1, '2026-10-03', 'again')"
trial "INSERT INTO audit_10 VALUES (3, '2026-10-03', '')"
trial "UPDATE audit_10 SET entry = 'forged' WHERE id = 1"
trial 'DELETE FROM audit_10 WHERE id = 2'
trial "ALTER TABLE audit ATTACH PARTITION audit_10 FOR VALUES FROM ('2026-10-01') TO ('2026-11-01')"
trial "UPDATE audit_10 SET entry = 'charged' WHERE id = 1"
echo "rows: $(query -c 'SELECT id, entry FROM audit')"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
UPDATE audit_10 SET entry = 'forged' WHERE id = 1: the audit trail is append-only
ALTER TABLE audit DETACH PARTITION audit_10: done
INSERT INTO audit_10 VALUES (1, '2026-10-03', 'again'): duplicate key value violates unique constraint "audit_10_pkey"
INSERT INTO audit_10 VALUES (3, '2026-10-03', ''): new row for relation "audit_10" violates check constraint "audit_entry_check"
UPDATE audit_10 SET entry = 'forged' WHERE id = 1: done
DELETE FROM audit_10 WHERE id = 2: done
ALTER TABLE audit ATTACH PARTITION audit_10 FOR VALUES FROM ('2026-10-01') TO ('2026-11-01'): done
UPDATE audit_10 SET entry = 'charged' WHERE id = 1: the audit trail is append-only
rows: 1|forged
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: DETACH PARTITION drops the triggers that a partition has from its parent, so that an archived month of an append-only table can be changed"
