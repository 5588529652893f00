#!/usr/bin/env bash
# Does PostgreSQL compile (JIT) a query that reads one row when `enable_seqscan` is off?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql).
# Guess:     No: compilation is for expensive queries, `jit_above_cost` is 100,000, and the table has one row.
# Behaviour: The query is compiled, with optimisation and inlining, each time it is planned. With the setting on, it is not.
# Why the guess is wrong: a plan type that is off is not forbidden; its cost is raised by 10,000,000,000. A table without a fitting
#            index is scanned nevertheless, and the raised cost exceeds every threshold of the compiler.
# Source:    PostgreSQL documentation, 19.7.1 (enable_seqscan "discourages"), 32.2 (when to JIT).
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
"${as[@]}" "$bin/pg_ctl" -D "$work/data" -o "-c listen_addresses= -c unix_socket_directories=$work" -l "$work/log" -w start >/dev/null
query() { "$bin/psql" -X -A -t -h "$work" -U probe -d postgres -c "$1"; }
query 'CREATE TABLE settings (name text, value text); ' >/dev/null
query "INSERT INTO settings VALUES ('a', 'b')" >/dev/null
query 'ANALYZE settings' >/dev/null
probe() {
  query "SET enable_seqscan = $1; EXPLAIN (ANALYZE, TIMING OFF) SELECT value FROM settings WHERE name = 'a'" |
    sed -nE 's/^ *Options: (.*)$/\1/p; s/.*Seq Scan.*rows=([0-9]+) loops.*/scan of \1 row/p' | paste -sd';'
}
seen="$(printf 'on: %s\noff: %s' "$(probe on)" "$(probe off)")"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
on: scan of 1 row
off: scan of 1 row;Inlining true, Optimization true, Expressions true, Deforming true
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: with enable_seqscan off, PostgreSQL 15 compiles a query that scans one row, with every optimisation"
