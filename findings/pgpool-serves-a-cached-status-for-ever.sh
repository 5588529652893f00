#!/usr/bin/env bash
# Which status does a client read through Pgpool-II with its memory cache, after a function, a trigger or another program has changed it?
#
# Versions:  Pgpool-II 4.3.5 and PostgreSQL 15 of Debian 12 (pgpool2, postgresql): memory_cache_enabled, memqcache_auto_cache_invalidation (on by
#            default), memqcache_expire = 0 (default).
# Guess:     The new one, at least if the change went through Pgpool-II: it invalidates the cache of a table when the table changes, and does not cache what it
#            cannot follow.
# Behaviour: The old one, without end, unless an UPDATE on the table itself went through Pgpool-II. A change by a function or by a trigger, called through
#            Pgpool-II, is not noticed, nor is a change beside it: a client that polls for its result sees "pending" for ever.
# Why the guess is wrong: Pgpool-II reads the statements that it passes on and invalidates the tables that they name. What a function or a trigger
#            changes is in no statement. memqcache_expire is 0 by default.
# Source:    Pgpool-II documentation, In Memory Query Cache, memqcache_auto_cache_invalidation.
# Output seen: the text in `expected` at the end.
set -euo pipefail
bin="$(find /usr/lib/postgresql/15/bin -maxdepth 0 2>/dev/null)" || { echo "needs PostgreSQL 15 of Debian" >&2; exit 2; }
command -v pgpool >/dev/null || { echo "needs pgpool2" >&2; exit 2; }
case "$(pgpool --version 2>&1)" in *4.3.5*) ;; *) echo "needs Pgpool-II 4.3.5" >&2; exit 2 ;; esac
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
CREATE TABLE submissions (id integer PRIMARY KEY, status text NOT NULL);
CREATE TABLE results (id integer PRIMARY KEY REFERENCES submissions ON DELETE CASCADE);
INSERT INTO submissions VALUES (1, 'pending'), (2, 'pending'), (3, 'pending'), (4, 'pending');
CREATE FUNCTION complete(integer) RETURNS void LANGUAGE sql AS $$ UPDATE submissions SET status = 'done' WHERE id = $1 $$;
CREATE FUNCTION completed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE submissions SET status = 'done' WHERE id = NEW.id; RETURN NULL; END $$;
CREATE TRIGGER completed AFTER INSERT ON results FOR EACH ROW EXECUTE FUNCTION completed();
SQL
mkdir pool
cat >pool/pgpool.conf <<CONF
backend_clustering_mode = 'raw'
listen_addresses = ''
port = 9999
socket_dir = '$work/pool'
pcp_listen_addresses = ''
pcp_socket_dir = '$work/pool'
pid_file_name = '$work/pool/pid'
logdir = '$work/pool'
work_dir = '$work/pool'
unix_socket_directories = '$work/pool'
pcp_socket_dir = '$work/pool'
wd_ipc_socket_dir = '$work/pool'
backend_hostname0 = '$work'
backend_port0 = 5432
num_init_children = 4
enable_pool_hba = off
memory_cache_enabled = on
memqcache_method = 'shmem'
memqcache_total_size = 4MB
memqcache_max_num_cache = 1000
memqcache_oiddir = '$work/pool/oid'
CONF
mkdir pool/oid
if [ "$(id -u)" -eq 0 ]; then chown -R postgres pool; fi
"${as[@]}" pgpool -n -f pool/pgpool.conf -F pool/pcp.conf -a pool/hba >pool/log 2>&1 &
pool=$!
trap 'kill -INT "$pool"; wait "$pool" || true; "${as[@]}" "$bin/pg_ctl" -D "$work/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
for _ in $(seq 200); do
  if query -h "$work/pool" -p 9999 -c 'SELECT 1' >/dev/null 2>&1; then break; fi
  sleep 0.1
done
through() { query -h "$work/pool" -p 9999 "$@"; }
status() { through -c "SELECT status FROM submissions WHERE id = $1"; }
seen="$(
trial() { before="$(status "$1")"; status "$1" >/dev/null; "${@:3}" >/dev/null; echo "$2: read before $before, read after $(status "$1"), in the table $(query -c "SELECT status FROM submissions WHERE id = $1")"; }
trial 1 'UPDATE through Pgpool-II' through -c "UPDATE submissions SET status = 'done' WHERE id = 1"
trial 2 'SELECT complete(2) through Pgpool-II' through -c 'SELECT complete(2)'
trial 3 'a trigger, INSERT through Pgpool-II' through -c 'INSERT INTO results VALUES (3)'
trial 4 'UPDATE beside Pgpool-II' query -c "UPDATE submissions SET status = 'done' WHERE id = 4"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
UPDATE through Pgpool-II: read before pending, read after done, in the table done
SELECT complete(2) through Pgpool-II: read before pending, read after pending, in the table done
a trigger, INSERT through Pgpool-II: read before pending, read after pending, in the table done
UPDATE beside Pgpool-II: read before pending, read after pending, in the table done
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: the memory cache of Pgpool-II serves an old status without end after a function, a trigger or another connection has changed it"
