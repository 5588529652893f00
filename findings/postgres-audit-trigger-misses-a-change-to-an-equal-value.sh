#!/usr/bin/env bash
# Does a trigger WHEN (OLD.* IS DISTINCT FROM NEW.*) run for every UPDATE that changes a column?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     Yes: it is the form that the documentation shows, and it leaves out only updates that write what is there already.
# Behaviour: Not when old and new value are equal for their type, although they mean other things: a retention of 30 days that becomes 1 month, a name
#            whose case changes under a collation that ignores it, 10 that becomes 10.00 in a jsonb. The change is stored, and the audit trail has no row. So
#            does UPDATE … WHERE retention IS DISTINCT FROM '1 month': it writes nothing. OLD.* *<> NEW.* sees all of them.
# Why the guess is wrong: IS DISTINCT FROM asks the = of each column's type, and is "<> that knows NULL", not "other bytes". An interval is compared with months of 30
#            days and days of 24 hours. The operator *<> compares what is stored.
# Source:    PostgreSQL documentation, CREATE TRIGGER (examples), 9.24 (composite type comparison, *<>), 8.5.4; src/backend/utils/adt/timestamp.c,
#            interval_cmp_value.
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
CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE audit (id integer GENERATED ALWAYS AS IDENTITY, by text);
CREATE FUNCTION record() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO audit (by) VALUES (TG_ARGV[0]); RETURN NULL; END $$;
SQL
trial() {
  query -c 'DROP TABLE IF EXISTS settings' -c 'TRUNCATE audit' 2>/dev/null
  query -c "CREATE TABLE settings (value $1)" -c "INSERT INTO settings VALUES ('$2')" \
    -c "CREATE TRIGGER a AFTER UPDATE ON settings FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION record('IS DISTINCT FROM')" \
    -c "CREATE TRIGGER b AFTER UPDATE ON settings FOR EACH ROW WHEN (OLD.* *<> NEW.*) EXECUTE FUNCTION record('*<>')"
  skipped="$("$bin/psql" -X -A -t -c "UPDATE settings SET value = '$3' WHERE value IS DISTINCT FROM '$3'")"
  query -c "UPDATE settings SET value = '$3'"
  echo "$1, $2 to $3: stored $(query -c 'SELECT value FROM settings'), audited by $(query -c "SELECT coalesce(string_agg(by, ' and ' ORDER BY id), 'none') FROM audit"); with WHERE value IS DISTINCT FROM: $skipped"
}
seen="$(
trial interval '30 days' '31 days'
trial interval '30 days' '1 mon'
trial interval '24:00:00' '1 day'
trial 'text COLLATE any_case' 'order-a' 'ORDER-A'
trial jsonb '{"amount": 10}' '{"amount": 10.00}'
echo "due after 30 days: $(query -c "SELECT date '2026-01-31' + interval '30 days'"), after 1 month: $(query -c "SELECT date '2026-01-31' + interval '1 month'")"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
interval, 30 days to 31 days: stored 31 days, audited by IS DISTINCT FROM and *<>; with WHERE value IS DISTINCT FROM: UPDATE 1
interval, 30 days to 1 mon: stored 1 mon, audited by *<>; with WHERE value IS DISTINCT FROM: UPDATE 0
interval, 24:00:00 to 1 day: stored 1 day, audited by *<>; with WHERE value IS DISTINCT FROM: UPDATE 0
text COLLATE any_case, order-a to ORDER-A: stored ORDER-A, audited by *<>; with WHERE value IS DISTINCT FROM: UPDATE 0
jsonb, {"amount": 10} to {"amount": 10.00}: stored {"amount": 10.00}, audited by *<>; with WHERE value IS DISTINCT FROM: UPDATE 0
due after 30 days: 2026-03-02 00:00:00, after 1 month: 2026-02-28 00:00:00
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a trigger WHEN (OLD.* IS DISTINCT FROM NEW.*) of PostgreSQL misses a change from 30 days to 1 month; OLD.* *<> NEW.* sees it"
