#!/usr/bin/env bash
# What does PostgreSQL keep of a lease that ends in the transaction in which it begins, stored as the range [begin, end)?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     The moment, as a range of no length: lower() returns it, a report by month counts it in its month, and an exclusion constraint rejects a second
#            one of the same resource at the same moment.
# Behaviour: Nothing but the word "empty": both bounds are gone. It is contained (<@) in every month, so that it is billed in each, overlaps (&&) none,
#            is never older than any limit, and any number of them passes the exclusion constraint. now() is one moment within a transaction.
# Why the guess is wrong: [t, t) has no points, and there is only one empty range. It is a subset of every range, as in mathematics. Bounds '[]' keep the moment;
#            two columns and a CHECK keep it too.
# Source:    PostgreSQL documentation, 8.17 (range types, "empty"), 9.20 (range operators); src/backend/utils/adt/rangetypes.c, make_range.
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
SET client_min_messages = warning;
CREATE EXTENSION btree_gist;
CREATE TABLE leases (id integer GENERATED ALWAYS AS IDENTITY, resource text, during tstzrange, EXCLUDE USING gist (resource WITH =, during WITH &&));
ALTER ROLE probe SET timezone = 'UTC';
SQL
lease() {
  # A transaction reads one moment at its begin; the moments are given here, so that each run is the same.
  query -c "INSERT INTO leases (resource, during) VALUES ('$1', tstzrange('$2', '$3', '${4:-[)}'))" 2>&1 | sed -n 's/ERROR: */  refused: /p'
}
seen="$(
lease printer '2026-01-10 12:00Z' '2026-01-10 12:05Z'
lease printer '2026-01-10 12:03Z' '2026-01-10 12:04Z'
lease plotter '2026-01-10 12:00Z' '2026-01-10 12:00Z'
lease plotter '2026-01-10 12:00Z' '2026-01-10 12:00Z'
lease scanner '2026-01-10 12:00Z' '2026-01-10 12:00Z' '[]'
query -F ' ' -c "SELECT resource, during, coalesce(lower(during)::text, 'no begin') FROM leases ORDER BY id"
for month in 2026-01-01 2026-02-01 2026-03-01; do
  range="tstzrange('$month', '$month'::date + interval '1 month')"
  echo "${month%-01}: contains $(query -c "SELECT coalesce(string_agg(resource, ' ' ORDER BY id), 'none') FROM leases WHERE during <@ $range"); overlaps $(query -c "SELECT coalesce(string_agg(resource, ' ' ORDER BY id), 'none') FROM leases WHERE during && $range")"
done
echo "ended before 2027: $(query -c "SELECT string_agg(resource, ' ' ORDER BY id) FROM leases WHERE upper(during) < '2027-01-01'")"
echo "in one transaction, tstzrange(now(), now()): $(query -c 'SELECT tstzrange(now(), now())')"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
  refused: conflicting key value violates exclusion constraint "leases_resource_during_excl"
printer ["2026-01-10 12:00:00+00","2026-01-10 12:05:00+00") 2026-01-10 12:00:00+00
plotter empty no begin
plotter empty no begin
scanner ["2026-01-10 12:00:00+00","2026-01-10 12:00:00+00"] 2026-01-10 12:00:00+00
2026-01: contains printer plotter plotter scanner; overlaps printer scanner
2026-02: contains plotter plotter; overlaps none
2026-03: contains plotter plotter; overlaps none
ended before 2027: printer scanner
in one transaction, tstzrange(now(), now()): empty
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a range [t, t) of PostgreSQL is stored as empty: it has no moment, is contained in every month, and passes every exclusion constraint"
