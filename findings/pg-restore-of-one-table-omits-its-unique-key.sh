#!/usr/bin/env bash
# What does pg_restore -t restore of a table that pg_dump -t would dump with everything that belongs to it?
#
# Versions:  pg_dump and pg_restore 15 of Debian 12 (postgresql).
# Guess:     The table with its rows, primary key, indexes and triggers: the two options have the same name and the same description ("named
#            table only"). If something were left out, pg_restore would warn or fail.
# Behaviour: The table with its rows only. The primary key, the unique index and the trigger are absent; the exit code is 0 and no line is
#            written. An idempotency key that has been charged is inserted a second time, and an audit row that may not change changes.
#            Constraints CHECK and NOT NULL are there, so that a look at the table does not reveal it.
# Why the guess is wrong: pg_dump -t selects tables, then adds what depends on them. pg_restore -t selects entries of the archive's list by
#            name, and a primary key is an entry of its own (CONSTRAINT, INDEX, TRIGGER). "pg_restore -l", an edited list and -L restore all.
# Source:    PostgreSQL documentation, pg_restore, -t ("this flag does not behave identically to the -t flag of pg_dump … does not include
#            such subsidiary objects").
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
trap '"${as[@]}" "$bin/pg_ctl" -D "$work/data" -m immediate stop >/dev/null 2>&1; rm -rf "$work"' EXIT
cd "$work"
"${as[@]}" "$bin/initdb" -D "$work/data" -U probe -A trust >/dev/null
start() { "${as[@]}" "$bin/pg_ctl" -D "$work/data" -o "-c listen_addresses= -c unix_socket_directories=$work" -l "$work/log" -w start >/dev/null; }
start
export PGHOST="$work" PGUSER=probe PGDATABASE=postgres
query() { "$bin/psql" -X -A -t -q "$@"; }
query <<'SQL'
CREATE TABLE charges (key text PRIMARY KEY, provider_id text, amount integer NOT NULL CHECK (amount > 0));
CREATE UNIQUE INDEX charges_provider ON charges (provider_id);
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'append only'; END $$;
CREATE TRIGGER charges_keep BEFORE UPDATE ON charges FOR EACH ROW EXECUTE FUNCTION refuse();
INSERT INTO charges VALUES ('order-4711', 'ch_1', 990);
SQL
"$bin/pg_dump" -Fc -f all.dump
for name in by_dump by_restore; do
  query -c "CREATE DATABASE $name"
  # What a table's trigger calls is not part of the table.
  query -d "$name" -c "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN RAISE EXCEPTION 'append only'; END \$\$"
done
result() { if query -d "$1" -c "$2" >/dev/null 2>"$work/error"; then echo accepted; else sed -n '1s/^ERROR:  //p' "$work/error"; fi; }
describe() {
  echo "$1: rows $(query -d "$1" -c 'SELECT count(*) FROM charges'), indexes $(query -d "$1" -c "SELECT count(*) FROM pg_indexes WHERE tablename = 'charges'"), triggers $(query -d "$1" -c "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'charges'::regclass")"
  echo "  an amount of 0: $(result "$1" "INSERT INTO charges VALUES ('order-4712', 'ch_2', 0)")"
  echo "  the same key again: $(result "$1" "INSERT INTO charges VALUES ('order-4711', 'ch_3', 990)")"
  echo "  an update: $(result "$1" 'UPDATE charges SET amount = 1')"
}
seen="$(
"$bin/pg_dump" -t charges | query -d by_dump >/dev/null
describe by_dump
"$bin/pg_restore" -t charges -d by_restore all.dump 2>&1 && echo 'pg_restore -t: exit code 0'
describe by_restore
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
by_dump: rows 1, indexes 2, triggers 1
  an amount of 0: new row for relation "charges" violates check constraint "charges_amount_check"
  the same key again: duplicate key value violates unique constraint "charges_pkey"
  an update: append only
pg_restore -t: exit code 0
by_restore: rows 1, indexes 0, triggers 0
  an amount of 0: new row for relation "charges" violates check constraint "charges_amount_check"
  the same key again: accepted
  an update: accepted
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: pg_restore -t restores a table without its primary key, indexes and triggers, and reports nothing; pg_dump -t includes them"
