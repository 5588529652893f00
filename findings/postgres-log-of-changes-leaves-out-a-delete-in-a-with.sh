#!/usr/bin/env bash
# Which of the statements that delete rows does PostgreSQL log with log_statement = 'mod'?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     Each one that a client sends: "mod" logs all statements that change data, and is what guides for audits ask for. Only what a function does is inside
#            of another statement.
# Behaviour: Those that begin as a change, and EXECUTE and EXPLAIN ANALYZE of one. DELETE or UPDATE in a WITH whose last part is a SELECT, as queue workers
#            use it to claim rows, is not logged, alone, prepared, in EXPLAIN ANALYZE, or in COPY (DELETE … RETURNING) TO; nor are a DO block and a SELECT of a function.
#            Each of them has deleted its row.
# Why the guess is wrong: the level of a statement comes from the kind of its outermost node, before it is analysed: a SELECT is a SELECT, whatever its WITH does.
#            A WITH in front of an INSERT is an INSERT, and is logged.
# Source:    PostgreSQL documentation, 20.8, log_statement; src/backend/tcop/utility.c, GetCommandLogLevel (T_SelectStmt).
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
CREATE TABLE charges (id integer PRIMARY KEY);
INSERT INTO charges SELECT generate_series(1, 10);
CREATE FUNCTION remove(integer) RETURNS void LANGUAGE sql AS 'DELETE FROM charges WHERE id = $1';
SQL
trial() {
  before="$(grep -c 'LOG:  statement:' log || true)"
  query -c "SET log_statement = 'mod'" "${@/#/-c}" >/dev/null
  after="$(grep -c 'LOG:  statement:' log || true)"
  text="$(printf '%s; ' "$@")"
  echo "$([ "$after" -gt "$before" ] && echo logged || echo 'not logged'): ${text%; }"
}
seen="$(
trial 'DELETE FROM charges WHERE id = 1'
trial 'PREPARE p AS DELETE FROM charges WHERE id = 2' 'EXECUTE p'
trial 'EXPLAIN ANALYZE DELETE FROM charges WHERE id = 3'
trial 'WITH x AS (SELECT 4 AS id) DELETE FROM charges USING x WHERE charges.id = x.id'
trial 'WITH d AS (DELETE FROM charges WHERE id = 5 RETURNING *) SELECT * FROM d'
trial 'PREPARE p AS WITH d AS (DELETE FROM charges WHERE id = 6 RETURNING *) SELECT * FROM d' 'EXECUTE p'
trial 'EXPLAIN ANALYZE WITH d AS (DELETE FROM charges WHERE id = 7 RETURNING *) SELECT * FROM d'
trial 'COPY (DELETE FROM charges WHERE id = 8 RETURNING *) TO STDOUT'
trial 'DO $$ BEGIN DELETE FROM charges WHERE id = 9; END $$'
trial 'SELECT remove(10)'
echo "rows left: $(query -c 'SELECT count(*) FROM charges')"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
logged: DELETE FROM charges WHERE id = 1
logged: PREPARE p AS DELETE FROM charges WHERE id = 2; EXECUTE p
logged: EXPLAIN ANALYZE DELETE FROM charges WHERE id = 3
logged: WITH x AS (SELECT 4 AS id) DELETE FROM charges USING x WHERE charges.id = x.id
not logged: WITH d AS (DELETE FROM charges WHERE id = 5 RETURNING *) SELECT * FROM d
not logged: PREPARE p AS WITH d AS (DELETE FROM charges WHERE id = 6 RETURNING *) SELECT * FROM d; EXECUTE p
not logged: EXPLAIN ANALYZE WITH d AS (DELETE FROM charges WHERE id = 7 RETURNING *) SELECT * FROM d
not logged: COPY (DELETE FROM charges WHERE id = 8 RETURNING *) TO STDOUT
not logged: DO $$ BEGIN DELETE FROM charges WHERE id = 9; END $$
not logged: SELECT remove(10)
rows left: 0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: log_statement = 'mod' does not log a DELETE in a WITH whose last part is a SELECT, nor one in COPY, DO or a function"
