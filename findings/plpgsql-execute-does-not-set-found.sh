#!/usr/bin/env bash
# What does IF NOT FOUND mean in PL/pgSQL after an UPDATE by EXECUTE, in a function that stores a result: UPDATE, and INSERT if there is no row?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     The same as after an UPDATE that is written out: whether a row was changed. EXECUTE only makes the statement from a text.
# Behaviour: What the statement before it has left. At the beginning of a function that is false: the row is changed and a second one inserted. After PERFORM … FOR UPDATE of another table it is true: no row
#            is inserted, and the result is lost without an error. GET DIAGNOSTICS … ROW_COUNT is right.
# Why the guess is wrong: EXECUTE sets ROW_COUNT, but not FOUND; the list of statements that set FOUND is complete, and EXECUTE is not in it.
# Source:    PostgreSQL documentation, 43.5.5 (obtaining the result status: "Note in particular that EXECUTE changes the output of GET DIAGNOSTICS, but does not change FOUND").
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
CREATE TABLE results (key text NOT NULL, status text NOT NULL);
CREATE TABLE executions (key text PRIMARY KEY);
INSERT INTO executions VALUES ('order-1'), ('order-2');
CREATE FUNCTION static(k text, s text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
  UPDATE results SET status = s WHERE key = k;
  IF NOT FOUND THEN INSERT INTO results VALUES (k, s); END IF;
END $$;
CREATE FUNCTION dynamic(k text, s text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
  EXECUTE format('UPDATE %I SET status = $2 WHERE key = $1', 'results') USING k, s;
  IF NOT FOUND THEN INSERT INTO results VALUES (k, s); END IF;
END $$;
CREATE FUNCTION locked(k text, s text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
  PERFORM FROM executions WHERE key = k FOR UPDATE;
  EXECUTE format('UPDATE %I SET status = $2 WHERE key = $1', 'results') USING k, s;
  IF NOT FOUND THEN INSERT INTO results VALUES (k, s); END IF;
END $$;
CREATE FUNCTION counted(k text, s text) RETURNS void LANGUAGE plpgsql AS $$ DECLARE changed bigint; BEGIN
  PERFORM FROM executions WHERE key = k FOR UPDATE;
  EXECUTE format('UPDATE %I SET status = $2 WHERE key = $1', 'results') USING k, s;
  GET DIAGNOSTICS changed = ROW_COUNT;
  IF changed = 0 THEN INSERT INTO results VALUES (k, s); END IF;
END $$;
SQL
rows() { out="$(query -c "SELECT string_agg(key || ' ' || status, ', ' ORDER BY ctid) FROM results")"; echo "${out:-none}"; }
trial() {
  query -c 'TRUNCATE results' -c "SELECT $1('order-1', 'pending')" >/dev/null
  first="$(rows)"
  query -c 'TRUNCATE results' -c "INSERT INTO results VALUES ('order-1', 'pending')" -c "SELECT $1('order-1', 'done')" >/dev/null
  echo "$2: without a row $first; with a row $(rows)"
}
seen="$(
trial static 'UPDATE, IF NOT FOUND'
trial dynamic 'EXECUTE, IF NOT FOUND'
trial locked 'PERFORM … FOR UPDATE, EXECUTE, IF NOT FOUND'
trial counted 'PERFORM … FOR UPDATE, EXECUTE, GET DIAGNOSTICS'
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
UPDATE, IF NOT FOUND: without a row order-1 pending; with a row order-1 done
EXECUTE, IF NOT FOUND: without a row order-1 pending; with a row order-1 done, order-1 done
PERFORM … FOR UPDATE, EXECUTE, IF NOT FOUND: without a row none; with a row order-1 done
PERFORM … FOR UPDATE, EXECUTE, GET DIAGNOSTICS: without a row order-1 pending; with a row order-1 done
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: EXECUTE of PL/pgSQL does not set FOUND: update-or-insert by it stores a result twice, or not at all"
