#!/usr/bin/env bash
# Does GENERATED ALWAYS AS IDENTITY keep the ids of an import from being taken over?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     Yes: INSERT with an id fails unless OVERRIDING SYSTEM VALUE says otherwise, and UPDATE fails too. COPY has no such words, so that it
#            generates the ids or fails.
# Behaviour: COPY takes every id over, without a message, and does not advance the sequence. Each of the next INSERTs then fails with a
#            duplicate key, once for each imported id; without a unique index two rows have one id.
# Why the guess is wrong: "always" binds INSERT and UPDATE; COPY writes every column that its list or the table names. The sequence knows
#            nothing of it.
# Source:    PostgreSQL documentation, CREATE TABLE, GENERATED … AS IDENTITY ("in the COPY command, user-specified values are always used").
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
CREATE TABLE submissions (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note text);
INSERT INTO submissions (note) VALUES ('first');
SQL
run() { query -c "$1" 2>&1 | sed -n '1s/^ERROR:  //;1p'; }
seen="$(
echo "INSERT with an id: $(run "INSERT INTO submissions VALUES (2, 'inserted') RETURNING id")"
echo "UPDATE of an id: $(run "UPDATE submissions SET id = 2 RETURNING id")"
printf '2\timported\n3\timported\n4\timported\n' | query -c 'COPY submissions FROM STDIN' && echo 'COPY with ids: accepted'
for n in 1 2 3 4; do
  echo "the next INSERT, attempt $n: $(run "INSERT INTO submissions (note) VALUES ('new') RETURNING 'id ' || id")"
done
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
INSERT with an id: cannot insert a non-DEFAULT value into column "id"
UPDATE of an id: column "id" can only be updated to DEFAULT
COPY with ids: accepted
the next INSERT, attempt 1: duplicate key value violates unique constraint "submissions_pkey"
the next INSERT, attempt 2: duplicate key value violates unique constraint "submissions_pkey"
the next INSERT, attempt 3: duplicate key value violates unique constraint "submissions_pkey"
the next INSERT, attempt 4: id 5
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: COPY writes ids of its own into a column that is GENERATED ALWAYS, and the following INSERTs fail once for each of them"
