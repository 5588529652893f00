#!/usr/bin/env bash
# What does UPDATE … SET document = jsonb_set(document, '{result}', to_jsonb($1)) store if $1 is NULL, or if a parent of the path is absent?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     "result": null for NULL, and for a path with an absent parent the parent is created, as jsonb_set creates the last key (create_if_missing is true).
# Behaviour: For NULL the whole document becomes NULL: the id, the customer and all else are deleted. With an absent parent nothing changes: "UPDATE 1", and the
#            result is lost. The same for document || to_jsonb($1), and for a subquery that finds no row. A jsonb 'null' is stored as null.
# Why the guess is wrong: the function is strict: NULL in, NULL out, and to_jsonb(NULL) is NULL and not 'null'. create_if_missing concerns the last step of the path only.
#            jsonb_set_lax (since 13) has a choice for NULL; a NOT NULL column turns the deletion into an error.
# Source:    PostgreSQL documentation, 9.16 (jsonb_set: "all earlier steps in the path must exist, or the target is returned unchanged"; jsonb_set_lax).
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
query -c 'CREATE TABLE executions (document jsonb)' -c 'CREATE TABLE results (id integer, result jsonb)'
trial() {
  query -c 'TRUNCATE executions' -c "INSERT INTO executions VALUES ('{\"id\": 17, \"customer\": \"c-1\"}')"
  echo "$1: $("$bin/psql" -X -A -t -c "UPDATE executions SET document = $1"), $(query -P null=NULL -c 'SELECT document FROM executions')"
}
seen="$(
trial "jsonb_set(document, '{result}', to_jsonb('done'::text))"
trial "jsonb_set(document, '{result}', to_jsonb(NULL::text))"
trial "jsonb_set(document, '{result}', (SELECT result FROM results WHERE id = 17))"
trial "document || to_jsonb(NULL::text)"
trial "jsonb_set(document, '{response,result}', to_jsonb('done'::text))"
trial "jsonb_set_lax(document, '{result}', to_jsonb(NULL::text))"
trial "document || jsonb_build_object('result', NULL::text)"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
jsonb_set(document, '{result}', to_jsonb('done'::text)): UPDATE 1, {"id": 17, "result": "done", "customer": "c-1"}
jsonb_set(document, '{result}', to_jsonb(NULL::text)): UPDATE 1, NULL
jsonb_set(document, '{result}', (SELECT result FROM results WHERE id = 17)): UPDATE 1, NULL
document || to_jsonb(NULL::text): UPDATE 1, NULL
jsonb_set(document, '{response,result}', to_jsonb('done'::text)): UPDATE 1, {"id": 17, "customer": "c-1"}
jsonb_set_lax(document, '{result}', to_jsonb(NULL::text)): UPDATE 1, {"id": 17, "result": null, "customer": "c-1"}
document || jsonb_build_object('result', NULL::text): UPDATE 1, {"id": 17, "result": null, "customer": "c-1"}
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: jsonb_set of PostgreSQL turns the whole document into NULL for a result that is NULL, and stores nothing if a parent of the path is absent"
