#!/usr/bin/env bash
# Do row locks of a Galera cluster hold for its other nodes?
#
# Versions:  MariaDB 10.11 and Galera 26.4.23 of Debian 12 (mariadb-server, galera-4), two nodes on one machine.
# Guess:     Yes: replication is synchronous, and SELECT … FOR UPDATE SKIP LOCKED in a transaction leaves a job to one worker, on whatever node.
# Behaviour: No: a worker of each node gets the same job, with SKIP LOCKED skipping only what is locked on its own node. Both call the payment service; then the second gets error 1213 (deadlock) at its next statement or at COMMIT, as if
#            it had done nothing, and repeats. GET_LOCK gives the same lock on both nodes, so that there are two leaders.
# Why the guess is wrong: what is synchronous is the certification of written rows at COMMIT. Locks are of the node; a SELECT writes nothing.
# Source:    MariaDB documentation, Galera Cluster, "Known Limitations" (unsupported explicit locking: GET_LOCK()) and "Certification-Based Replication" ("Transactions execute optimistically in a single node … at commit time, they run a
#            coordinated certification process"). What SELECT … FOR UPDATE does on two nodes was observed; "Known Limitations" names it as the explicit locking that makes read-modify-write safe.
# Output seen: the text in `expected` at the end.
set -euo pipefail
mariadbd="$(command -v mariadbd || ls /usr/sbin/mariadbd 2>/dev/null)" || { echo "needs MariaDB (mariadb-server)" >&2; exit 2; }
case "$("$mariadbd" --version)" in *'Ver 10.11.'*) ;; *) echo "needs MariaDB 10.11" >&2; exit 2 ;; esac
provider=/usr/lib/galera/libgalera_smm.so
for need in "$provider" /usr/bin/rsync; do [ -e "$need" ] || { echo "needs $need (galera-4, rsync)" >&2; exit 2; }; done
work="$(mktemp -d)"
user="$(id -un)"
if [ "$(id -u)" -eq 0 ]; then user=mysql; chown mysql "$work"; fi
cd "$work"
trap 'for n in 2 1; do kill "$(cat "$work/pid$n" 2>/dev/null)" 2>/dev/null || true; done; wait; rm -rf "$work"' EXIT
read -r -a ports < <(node -e "
const net = require('node:net');
const servers = Array.from({ length: 8 }, () => net.createServer().listen(0, '127.0.0.1'));
setTimeout(() => { console.log(servers.map((s) => s.address().port).join(' ')); for (const s of servers) s.close(); }, 200);")
start() {
  n="$1"; shift
  base="${ports[$((n * 4 - 4))]}" ist="${ports[$((n * 4 - 3))]}" sst="${ports[$((n * 4 - 2))]}"
  mariadb-install-db --no-defaults --user="$user" --datadir="$work/data$n" --auth-root-authentication-method=normal --skip-test-db >/dev/null 2>&1
  "$mariadbd" --no-defaults --user="$user" --datadir="$work/data$n" --socket="$work/sock$n" --skip-networking --pid-file="$work/pid$n" --log-error="$work/log$n" \
    --binlog-format=ROW --innodb-autoinc-lock-mode=2 --innodb-buffer-pool-size=32M --wsrep-on=ON --wsrep-provider="$provider" --wsrep-cluster-name=probe \
    --wsrep-node-name="n$n" --wsrep-node-address=127.0.0.1 --wsrep-sst-method=rsync --wsrep-sst-receive-address="127.0.0.1:$sst" \
    --wsrep-provider-options="gmcast.listen_addr=tcp://127.0.0.1:$base;base_host=127.0.0.1;base_port=$base;ist.recv_addr=127.0.0.1:$ist;gcache.size=16M" "$@" 2>/dev/null &
  for _ in $(seq 600); do if [ "$(query "$n" -e "SHOW STATUS LIKE 'wsrep_local_state_comment'" 2>/dev/null | cut -f2)" = Synced ]; then return; fi; sleep 0.2; done
  tail -20 "log$n" >&2
  exit 1
}
query() { node="$1"; shift; mariadb --no-defaults -u root -S "$work/sock$node" -N -B "$@"; }
start 1 --wsrep-cluster-address=gcomm:// --wsrep-new-cluster
start 2 --wsrep-cluster-address="gcomm://127.0.0.1:${ports[0]}"
query 1 -e "CREATE DATABASE app; CREATE TABLE app.jobs (id int PRIMARY KEY, status varchar(20)); INSERT INTO app.jobs VALUES (1, 'waiting'), (2, 'waiting')"
until [ "$(query 2 -e 'SELECT count(*) FROM app.jobs' 2>/dev/null)" = 2 ]; do sleep 0.1; done
for n in 1 2 3; do
  mkfifo "hold$n"
  node="$n"
  if [ "$n" = 3 ]; then node=1; fi
  mariadb --no-defaults -u root -S "$work/sock$node" -N -B --unbuffered --force app <"hold$n" >"worker$n.log" 2>&1 &
done
exec 7>hold1 8>hold2 9>hold3
tell() {
  before="$(grep -c end "worker$1.log" || true)"
  printf '%s\nSELECT "end";\n' "$2" >&"$((6 + $1))"
  until [ "$(grep -c end "worker$1.log" || true)" -gt "$before" ]; do sleep 0.05; done
  grep -v end "worker$1.log" | tail -1
}
CLAIM="BEGIN; SELECT id FROM jobs WHERE status = 'waiting' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED;"
seen="$(
echo "worker of node 1 claims job $(tell 1 "$CLAIM")"
echo "second worker of node 1 claims job $(tell 3 "$CLAIM")"
tell 3 'ROLLBACK;' >/dev/null
echo "worker of node 2 claims job $(tell 2 "$CLAIM")"
tell 1 "UPDATE jobs SET status = 'done by 1' WHERE id = 1; COMMIT;" >/dev/null
until [ "$(query 2 -e 'SELECT status FROM app.jobs WHERE id = 1')" = 'done by 1' ]; do sleep 0.1; done
echo "node 1 has committed; node 2 updates and commits: $(tell 2 "UPDATE jobs SET status = 'done by 2' WHERE id = 1; COMMIT;" | sed 's/ at line [0-9]*:.*//')"
echo "job 1 is: $(query 1 -e 'SELECT status FROM app.jobs WHERE id = 1')"
echo "GET_LOCK on node 1: $(tell 1 "SELECT GET_LOCK('leader', 0);"); on node 2: $(tell 2 "SELECT GET_LOCK('leader', 0);")"
)"
exec 7>&- 8>&- 9>&-
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
worker of node 1 claims job 1
second worker of node 1 claims job 2
worker of node 2 claims job 1
node 1 has committed; node 2 updates and commits: ERROR 1213 (40001)
job 1 is: done by 1
GET_LOCK on node 1: 1; on node 2: 1
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a Galera cluster gives one job to a worker of each node by FOR UPDATE SKIP LOCKED, and one lock of GET_LOCK to both"
