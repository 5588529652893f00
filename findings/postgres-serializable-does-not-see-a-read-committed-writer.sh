#!/usr/bin/env bash
# Does a SERIALIZABLE transaction keep the sum of an account's charges below 100, if another client checks and inserts in READ COMMITTED?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     Yes: what it has read must still hold at its commit, whoever changes it; otherwise it fails with 40001. The other client has no such promise, but there is one at least.
# Behaviour: No: both read 60, both insert 40, both commit, and the sum is 140. It is the same with REPEATABLE READ. Only if both are SERIALIZABLE does one fail. One script, one
#            migration or one pool with the default level takes the promise away from all others.
# Why the guess is wrong: conflicts are found among serializable transactions only: the others leave no marks of what they read and are not looked up when they write. "default_transaction_isolation" of the
#            database, or a lock that both take, binds all.
# Source:    PostgreSQL documentation, 13.2.3, Serializable Isolation Level, and 13.4.1.
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
query -c 'CREATE TABLE charges (account integer, amount integer)'
# trial LEVEL LEVEL: two clients check and insert; the first one commits when the second one has committed or failed.
trial() {
  query -c 'TRUNCATE charges' -c 'INSERT INTO charges VALUES (1, 60)'
  mkfifo in
  query <in >first 2>&1 &
  client=$!
  exec 4>in
  echo "BEGIN ISOLATION LEVEL $1; SELECT 'read ' || sum(amount) FROM charges; INSERT INTO charges SELECT 1, 40 FROM charges HAVING sum(amount) <= 60;" >&4
  until [ -s first ]; do sleep 0.02; done
  query -c "BEGIN ISOLATION LEVEL $2" -c "SELECT 'read ' || sum(amount) FROM charges" -c 'INSERT INTO charges SELECT 1, 40 FROM charges HAVING sum(amount) <= 60' -c COMMIT >second 2>&1 || true
  echo 'COMMIT;' >&4
  exec 4>&-
  wait "$client"
  rm in
  for n in first second; do echo "  $n: $(sed 's/^ERROR:  //; /^DETAIL\|^HINT/d' "$n" | paste -s -d, | sed 's/,/, /g')"; done
  echo "  sum: $(query -c 'SELECT sum(amount) FROM charges')"
}
seen="$(
for level in 'READ COMMITTED' 'REPEATABLE READ' SERIALIZABLE; do
  echo "SERIALIZABLE and $level"
  trial SERIALIZABLE "$level"
done
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
SERIALIZABLE and READ COMMITTED
  first: read 60
  second: read 60
  sum: 140
SERIALIZABLE and REPEATABLE READ
  first: read 60
  second: read 60
  sum: 140
SERIALIZABLE and SERIALIZABLE
  first: read 60, could not serialize access due to read/write dependencies among transactions
  second: read 60
  sum: 100
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a SERIALIZABLE transaction does not notice a conflict with one in READ COMMITTED, and both commit"
