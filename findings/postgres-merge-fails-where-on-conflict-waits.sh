#!/usr/bin/env bash
# What do two sessions get that count the same new key at the same time with MERGE … WHEN MATCHED UPDATE WHEN NOT MATCHED INSERT?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql), default settings (READ COMMITTED).
# Guess:     What INSERT … ON CONFLICT DO UPDATE gives: the second waits for the first, and updates its row. MERGE is the standard's name for
#            it.
# Behaviour: The second waits, and then fails with 23505 (unique_violation). Without a unique key, both insert, and the key is there twice. ON
#            CONFLICT gives one row with 2. If the row exists before, MERGE waits and counts to 3 like ON CONFLICT.
# Why the guess is wrong: MERGE is a join, followed by an action for each row. The second has found no row when it began, so that its action
#            is INSERT; the conflict is seen by the index, and there is no action for that. A test in one session, or of an existing row,
#            passes.
# Source:    PostgreSQL documentation, 13.2.1 ("a uniqueness violation error is raised"), and MERGE, notes (INSERT … ON CONFLICT).
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
trap '"${as[@]}" "$bin/pg_ctl" -D "$work/data" -m immediate stop >/dev/null 2>&1; rm -rf "$work"' EXIT
cd "$work"
"${as[@]}" "$bin/initdb" -D "$work/data" -U probe -A trust >/dev/null
start() { "${as[@]}" "$bin/pg_ctl" -D "$work/data" -o "-c listen_addresses= -c unix_socket_directories=$work" -l "$work/log" -w start >/dev/null; }
start
export PGHOST="$work" PGUSER=probe PGDATABASE=postgres
query() { "$bin/psql" -X -A -t -q "$@"; }
query -c 'CREATE TABLE counts (key text PRIMARY KEY, n integer)' -c 'CREATE TABLE loose (key text, n integer)'
merge() { echo "MERGE INTO $1 AS c USING (VALUES ('$2')) AS v (key) ON c.key = v.key WHEN MATCHED THEN UPDATE SET n = n + 1 WHEN NOT MATCHED THEN INSERT VALUES (v.key, 1)"; }
upsert() { echo "INSERT INTO $1 AS c VALUES ('$2', 1) ON CONFLICT (key) DO UPDATE SET n = c.n + 1"; }
# both STATEMENT: runs it in a transaction that stays open until a second session waits for it, or has carried it out.
both() {
  mkfifo "$work/first"
  query -f - <"$work/first" >/dev/null &
  local first=$!
  exec 3>"$work/first"
  printf 'BEGIN;\n%s;\nSELECT pg_advisory_lock(1);\n' "$1" >&3
  until_it "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted"
  local result="$work/result"
  (if query -v VERBOSITY=sqlstate -c "$1" >/dev/null 2>"$result"; then echo 'no error' >"$result"; fi; touch "$work/over") &
  local second=$!
  for _ in $(seq 200); do
    if [ -e "$work/over" ] || [ -n "$(query -c "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND state = 'active'")" ]; then break; fi
    sleep 0.05
  done
  echo 'COMMIT;' >&3
  exec 3>&-
  wait "$first" "$second"
  rm "$work/first" "$work/over"
  sed -n '1s/^ERROR:  //;1p' "$result"
}
until_it() {
  for _ in $(seq 200); do
    if [ -n "$(query -c "$1")" ]; then return; fi
    sleep 0.05
  done
  echo "did not become true: $1" >&2
  exit 1
}
rows() { query -F ' ' -c "SELECT key, n FROM $1 WHERE key = '$2'" | paste -sd,; }
seen="$(
echo "MERGE of a new key: the second session $(both "$(merge counts merge)"); rows $(rows counts merge)"
echo "ON CONFLICT of a new key: the second session $(both "$(upsert counts upsert)"); rows $(rows counts upsert)"
echo "MERGE of a known key: the second session $(both "$(merge counts merge)"); rows $(rows counts merge)"
echo "MERGE of a new key without a unique key: the second session $(both "$(merge loose merge)"); rows $(rows loose merge)"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
MERGE of a new key: the second session 23505; rows merge 1
ON CONFLICT of a new key: the second session no error; rows upsert 2
MERGE of a known key: the second session no error; rows merge 3
MERGE of a new key without a unique key: the second session no error; rows merge 1,merge 1
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: MERGE of PostgreSQL fails with a unique violation where INSERT … ON CONFLICT waits and updates, and stores the key twice if it is not unique"
