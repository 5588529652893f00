#!/usr/bin/env bash
# What does check_postgres report of a sequence whose column has no number left?
#
# Versions:  check_postgres 2.25.0 and PostgreSQL 15 of Debian 12 (check-postgres, postgresql).
# Guess:     CRITICAL: the action "sequence" is the check against tables that run out of ids.
# Behaviour: OK with 0 % for a sequence made by CREATE SEQUENCE, whose integer column takes no further row ("integer out of range"). The same
#            column as serial or as an identity is CRITICAL. A serial column whose sequence was changed to bigint, as before a migration that
#            never came, is OK again.
# Why the guess is wrong: the check compares a sequence with its own maximum. serial and identity columns make a sequence of the type of the
#            column; CREATE SEQUENCE makes one of bigint, whose maximum is four billion times as far. serial made such sequences, too, before
#            PostgreSQL 10.
# Source:    check_postgres(1), "sequence" ("measured as the percent of total possible values that have been used for each sequence"); PostgreSQL
#            documentation, CREATE SEQUENCE, data_type ("bigint is the default").
# Output seen: the text in `expected` at the end.
set -euo pipefail
bin="$(find /usr/lib/postgresql/15/bin -maxdepth 0 2>/dev/null)" || { echo "needs PostgreSQL 15 of Debian" >&2; exit 2; }
command -v check_postgres >/dev/null || { echo "needs check-postgres" >&2; exit 2; }
case "$(check_postgres --version)" in *2.25.0*) ;; *) echo "needs check_postgres 2.25.0" >&2; exit 2 ;; esac
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
check() {
  error="$(query -c "INSERT INTO $1 DEFAULT VALUES" 2>&1 || true)"
  code=0
  check_postgres --action=sequence --warning=85% --critical=95% --host="$work" --dbuser=probe --dbname=postgres >output || code=$?
  echo "$2: ${error:-a row}; check_postgres $(sed -n 's/^POSTGRES_SEQUENCE \([A-Z]*\):.*\(public[^ =]*=[0-9]*%\).*/\1 \2/p' output), exit code $code"
  query -c "DROP TABLE $1"
}
seen="$(
query -c 'CREATE TABLE charges (id integer GENERATED ALWAYS AS IDENTITY)' -c "SELECT setval('charges_id_seq', 2147483647)" >/dev/null
check charges identity
query -c 'CREATE TABLE charges (id serial)' -c "SELECT setval('charges_id_seq', 2147483647)" >/dev/null
check charges serial
query -c 'CREATE TABLE charges (id serial)' -c 'ALTER SEQUENCE charges_id_seq AS bigint' -c "SELECT setval('charges_id_seq', 2147483647)" >/dev/null
check charges 'serial, its sequence changed to bigint'
query -c 'CREATE SEQUENCE charge_ids' -c "CREATE TABLE charges (id integer DEFAULT nextval('charge_ids'))" \
  -c 'ALTER SEQUENCE charge_ids OWNED BY charges.id' -c "SELECT setval('charge_ids', 2147483647)" >/dev/null
check charges 'CREATE SEQUENCE'
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
identity: ERROR:  nextval: reached maximum value of sequence "charges_id_seq" (2147483647); check_postgres CRITICAL public.charges_id_seq=100%, exit code 2
serial: ERROR:  nextval: reached maximum value of sequence "charges_id_seq" (2147483647); check_postgres CRITICAL public.charges_id_seq=100%, exit code 2
serial, its sequence changed to bigint: ERROR:  integer out of range; check_postgres OK public.charges_id_seq=0%, exit code 0
CREATE SEQUENCE: ERROR:  integer out of range; check_postgres OK public.charge_ids=0%, exit code 0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: check_postgres reports a sequence at 0 % while its integer column takes no further row, unless the sequence was made by serial or identity"
