#!/usr/bin/env bash
# Which rows does WHERE document @? '$.status == "done"' find, and which does WHERE document @@ '$.items[*] ? (@.amount > 100)'?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     Those whose status is "done", and those with an item of more than 100. A path that does not suit the operator is an error.
# Behaviour: The first finds every row, also those without a status: a DELETE of finished executions deletes all. The second finds none. Neither reports an
#            error. jsonb_path_exists does as @?. With the other operator each finds what is expected. An amount that is a text ("150") is never found.
# Why the guess is wrong: @? asks whether the path has any item, and a comparison always has one: true, false or null. @@ takes the first item as a truth value, and an
#            object is none, which makes NULL. Errors of both are suppressed.
# Source:    PostgreSQL documentation, 9.16 (table of jsonb operators, @? and @@), 9.16.2 (the SQL/JSON path language).
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
CREATE TABLE executions (id integer PRIMARY KEY, document jsonb NOT NULL);
INSERT INTO executions VALUES (1, '{"status": "done", "items": [{"amount": 150}]}'), (2, '{"status": "waiting", "items": [{"amount": 20}]}'),
  (3, '{"items": []}'), (4, '{"status": "waiting", "items": [{"amount": "150"}]}');
SQL
found() { echo "$1: $(query -c "SELECT coalesce(string_agg(id::text, ' ' ORDER BY id), 'none') FROM executions WHERE $1")"; }
seen="$(
found "document @? '\$.status == \"done\"'"
found "jsonb_path_exists(document, '\$.status == \"done\"')"
found "document @@ '\$.status == \"done\"'"
found "document @? '\$ ? (@.status == \"done\")'"
found "document @@ '\$.items[*] ? (@.amount > 100)'"
found "document @? '\$.items[*] ? (@.amount > 100)'"
found "document @@ '\$.items[*].amount > 100'"
echo "DELETE … WHERE document @? '\$.status == \"done\"': $("$bin/psql" -X -A -t -c "DELETE FROM executions WHERE document @? '\$.status == \"done\"'")"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
document @? '$.status == "done"': 1 2 3 4
jsonb_path_exists(document, '$.status == "done"'): 1 2 3 4
document @@ '$.status == "done"': 1
document @? '$ ? (@.status == "done")': 1
document @@ '$.items[*] ? (@.amount > 100)': none
document @? '$.items[*] ? (@.amount > 100)': 1
document @@ '$.items[*].amount > 100': 1
DELETE … WHERE document @? '$.status == "done"': DELETE 4
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: document @? with a comparison and no filter finds every row in PostgreSQL, and @@ with a filter finds none; neither is an error"
