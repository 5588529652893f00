#!/usr/bin/env bash
# How often can a prepared INSERT run that names the condition of a partial unique index with a parameter: ON CONFLICT (…) WHERE state = $2?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     Always, or never: whether an index matches is decided when the statement is prepared, and a test shows it.
# Behaviour: Five times in each session, a repeat among them included. From the sixth on each run fails: "there is no unique or exclusion constraint matching the
#            ON CONFLICT specification". A function in PL/pgSQL with a variable in that place does the same. With a constant it works always, and
#            with plan_cache_mode = force_custom_plan.
# Why the guess is wrong: the first five plans are made with the values of the parameters, and 'open' implies the condition of the index. The sixth is
#            a plan for any value, and $2 implies nothing. Query builders write constants as parameters, and pools keep sessions.
# Source:    src/backend/utils/cache/plancache.c, choose_custom_plan; src/backend/optimizer/util/plancat.c, infer_arbiter_indexes; PostgreSQL
#            documentation, PREPARE (notes), INSERT (index_predicate).
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
CREATE TABLE submissions (reference text NOT NULL, state text NOT NULL);
CREATE UNIQUE INDEX open_once ON submissions (reference) WHERE state = 'open';
CREATE FUNCTION submit(reference text, wanted text) RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  INSERT INTO submissions VALUES (submit.reference, wanted) ON CONFLICT (reference) WHERE state = wanted DO NOTHING;
END $$;
SQL
# The same reference twice in a row: the index has to do its work.
trial() {
  echo "$1:"
  {
    printf '%s;\n' "$2"
    for reference in a a b c d e f; do printf '%s;\n' "${3//REFERENCE/$reference}"; done
  } | query 2>&1 | sed -n 's/^psql.*ERROR: */  ERROR: /p; s/^ERROR: */  ERROR: /p' | sort | uniq -c | sed 's/^ *\([0-9]*\) */  \1 of 7 runs: /'
  echo "  stored: $(query -c "SELECT string_agg(reference, ' ' ORDER BY reference) FROM submissions")"
  query -c 'TRUNCATE submissions'
}
seen="$(
trial 'WHERE state = $2, prepared' "PREPARE submit(text, text) AS INSERT INTO submissions VALUES (\$1, \$2) ON CONFLICT (reference) WHERE state = \$2 DO NOTHING" "EXECUTE submit('REFERENCE', 'open')"
trial 'WHERE state = wanted, in PL/pgSQL' 'SELECT 1 WHERE false' "SELECT submit('REFERENCE', 'open')"
trial "WHERE state = 'open', prepared" "PREPARE submit(text, text) AS INSERT INTO submissions VALUES (\$1, \$2) ON CONFLICT (reference) WHERE state = 'open' DO NOTHING" "EXECUTE submit('REFERENCE', 'open')"
trial 'WHERE state = $2, prepared, force_custom_plan' "SET plan_cache_mode = force_custom_plan; PREPARE submit(text, text) AS INSERT INTO submissions VALUES (\$1, \$2) ON CONFLICT (reference) WHERE state = \$2 DO NOTHING" "EXECUTE submit('REFERENCE', 'open')"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
WHERE state = $2, prepared:
  2 of 7 runs: ERROR: there is no unique or exclusion constraint matching the ON CONFLICT specification
  stored: a b c d
WHERE state = wanted, in PL/pgSQL:
  2 of 7 runs: ERROR: there is no unique or exclusion constraint matching the ON CONFLICT specification
  stored: a b c d
WHERE state = 'open', prepared:
  stored: a b c d e f
WHERE state = $2, prepared, force_custom_plan:
  stored: a b c d e f
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: ON CONFLICT (…) WHERE state = \$2 works five times in each session of PostgreSQL, and fails from the sixth run of the prepared statement on"
