#!/usr/bin/env bash
# Does a statement trigger of a partitioned table, which counts the rows of each statement, see rows that are written to a partition by its own name?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     Yes: the rows are rows of the table, the table's row triggers run for them, and its keys and checks hold.
# Behaviour: No. INSERT, COPY, UPDATE and TRUNCATE on a partition leave the trigger with its transition table silent, so that totals are too small, and a trigger against
#            TRUNCATE does not stop it. The row trigger has seen each row. Of an UPDATE that moves rows, the statement triggers of neither INSERT nor DELETE hear.
# Why the guess is wrong: row triggers are cloned to each partition; statement triggers are not, and only those of the table that the statement names run. Tools name
#            partitions: pg_restore, loaders, archivers, foreign tables.
# Source:    PostgreSQL documentation, 39.1, Overview of Trigger Behavior ("only the parent table's statement-level triggers are fired").
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
CREATE TABLE charges (id integer, month integer) PARTITION BY LIST (month);
CREATE TABLE charges_10 PARTITION OF charges FOR VALUES IN (10);
CREATE TABLE charges_11 PARTITION OF charges FOR VALUES IN (11);
CREATE TABLE seen (n serial, what text);
CREATE FUNCTION added() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO seen (what) SELECT 'statement: ' || count(*) || ' added' FROM rows; RETURN NULL; END $$;
CREATE FUNCTION statement() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO seen (what) VALUES ('statement: ' || TG_OP); RETURN NULL; END $$;
CREATE FUNCTION each() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO seen (what) VALUES ('row: ' || TG_OP); RETURN NULL; END $$;
CREATE TRIGGER added AFTER INSERT ON charges REFERENCING NEW TABLE AS rows FOR EACH STATEMENT EXECUTE FUNCTION added();
CREATE TRIGGER changed AFTER UPDATE OR DELETE OR TRUNCATE ON charges FOR EACH STATEMENT EXECUTE FUNCTION statement();
CREATE TRIGGER each AFTER INSERT OR UPDATE OR DELETE ON charges FOR EACH ROW EXECUTE FUNCTION each();
SQL
trial() { echo "$1: $(query -c "$1" -c "WITH d AS (DELETE FROM seen RETURNING *) SELECT coalesce(string_agg(what, ', ' ORDER BY n), 'nothing') FROM d" </dev/null)"; }
echo 5 >five
chmod 644 five
chmod 711 .
copy() { trial "COPY $1 (id) FROM '$work/five'" | sed "s,$work/,,"; }
seen="$(
query -c 'ALTER TABLE charges ALTER month SET DEFAULT 10' -c 'ALTER TABLE charges_10 ALTER month SET DEFAULT 10'
trial 'INSERT INTO charges VALUES (1, 10), (2, 10)'
trial 'INSERT INTO charges_10 VALUES (3, 10), (4, 10)'
copy charges
copy charges_10
trial 'UPDATE charges_10 SET id = 6 WHERE id = 3'
trial 'UPDATE charges SET month = 11 WHERE id = 1'
trial 'TRUNCATE charges_10'
trial 'TRUNCATE charges'
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
INSERT INTO charges VALUES (1, 10), (2, 10): row: INSERT, row: INSERT, statement: 2 added
INSERT INTO charges_10 VALUES (3, 10), (4, 10): row: INSERT, row: INSERT
COPY charges (id) FROM 'five': row: INSERT, statement: 1 added
COPY charges_10 (id) FROM 'five': row: INSERT
UPDATE charges_10 SET id = 6 WHERE id = 3: row: UPDATE
UPDATE charges SET month = 11 WHERE id = 1: row: DELETE, row: INSERT, statement: UPDATE
TRUNCATE charges_10: nothing
TRUNCATE charges: statement: TRUNCATE
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: statement triggers of a partitioned table do not run for statements that name a partition; row triggers do"
