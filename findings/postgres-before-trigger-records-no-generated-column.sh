#!/usr/bin/env bash
# What does a BEFORE trigger see of a column GENERATED ALWAYS AS (amount + fee) STORED, when it records to_jsonb(NEW) or checks a limit?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     The value that is going to be stored: the column is a part of NEW, and is computed from others that the trigger sees.
# Behaviour: NULL, for an INSERT and for an UPDATE. The audit trail has "total": null; IF NEW.total > 100 THEN RAISE never raises, so that a charge over the limit is stored without an error. An AFTER trigger
#            sees the value, and a CHECK holds.
# Why the guess is wrong: generated columns are computed after the BEFORE triggers, which may still change what they depend on. Reading one in a BEFORE trigger is no error.
# Source:    PostgreSQL documentation, 5.3 (generated columns "are, conceptually, updated after BEFORE triggers have run … it is not allowed to access generated columns in BEFORE triggers").
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
CREATE TABLE charges (id integer PRIMARY KEY, amount numeric NOT NULL, fee numeric NOT NULL, total numeric GENERATED ALWAYS AS (amount + fee) STORED);
CREATE TABLE audit (number integer GENERATED ALWAYS AS IDENTITY, timing text, document jsonb);
CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO audit (timing, document) VALUES (TG_WHEN, to_jsonb(NEW)); RETURN NEW; END $$;
CREATE TRIGGER audit_before BEFORE INSERT OR UPDATE ON charges FOR EACH ROW EXECUTE FUNCTION audit();
CREATE TRIGGER audit_after AFTER INSERT OR UPDATE ON charges FOR EACH ROW EXECUTE FUNCTION audit();
CREATE FUNCTION limit_total() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.total > 100 THEN RAISE EXCEPTION 'over the limit'; END IF; RETURN NEW; END $$;
SQL
trial() {
  query -c 'TRUNCATE audit' -c "$1"
  echo "$1: BEFORE $(query -c "SELECT document FROM audit WHERE timing = 'BEFORE'"), AFTER $(query -c "SELECT document FROM audit WHERE timing = 'AFTER'")"
}
seen="$(
trial 'INSERT INTO charges VALUES (1, 10, 1)'
trial 'UPDATE charges SET amount = 50 WHERE id = 1'
query -c 'CREATE TRIGGER limit_total BEFORE INSERT OR UPDATE ON charges FOR EACH ROW EXECUTE FUNCTION limit_total()'
trial 'UPDATE charges SET amount = 5000 WHERE id = 1'
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
INSERT INTO charges VALUES (1, 10, 1): BEFORE {"id": 1, "fee": 1, "total": null, "amount": 10}, AFTER {"id": 1, "fee": 1, "total": 11, "amount": 10}
UPDATE charges SET amount = 50 WHERE id = 1: BEFORE {"id": 1, "fee": 1, "total": null, "amount": 50}, AFTER {"id": 1, "fee": 1, "total": 51, "amount": 50}
UPDATE charges SET amount = 5000 WHERE id = 1: BEFORE {"id": 1, "fee": 1, "total": null, "amount": 5000}, AFTER {"id": 1, "fee": 1, "total": 5001, "amount": 5000}
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a BEFORE trigger sees NULL in a generated column: it records null, and a limit that it checks never holds"
