#!/usr/bin/env bash
# Which fencing tokens do the sequence numbers of ZooKeeper give, if the parent of the lock is a container node?
#
# Versions:  ZooKeeper 3.8.0 of Debian 12 (zookeeper), its own client; znode.container.checkIntervalMs=500 for a short run, default 60000.
# Guess:     Numbers that rise for ever: the counter is kept with the parent, deleted children do not lower it, and a restart of the server does
#            not.
# Behaviour: They begin at 0000000000 again after a quiet minute: the server deletes a container whose last child has gone, the next holder
#            creates it anew. A store that accepts the highest token seen so far refuses all new holders, and one that forgets may take the late
#            write of an old holder with a higher number. The counter of a plain node goes on, also over a restart.
# Why the guess is wrong: the number is the count of children of this node, and a node that was deleted and created is another one. Containers
#            are what recipes for locks use, so that nobody has to delete old lock paths. The zxid of the created node (czxid) rises through all
#            of that.
# Source:    org.apache.zookeeper.server.ContainerManager ("checks container nodes that have a cversion > 0 and have no children. A delete is
#            attempted on the node") and the constants of CreateMode (Container nodes are "useful for recipes such as leader, lock, etc.").
# Output seen: the text in `expected` at the end.
set -euo pipefail
jar=/usr/share/java/zookeeper-3.8.0.jar
[ -e "$jar" ] || { echo "needs ZooKeeper 3.8.0 of Debian (zookeeper)" >&2; exit 2; }
work="$(mktemp -d)"
server=
trap 'if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; fi; rm -rf "$work"' EXIT
cd "$work"
port="$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
cat >zoo.cfg <<CONF
tickTime=500
dataDir=$work/data
clientPort=$port
clientPortAddress=127.0.0.1
admin.enableServer=false
CONF
start() {
  java -Dznode.container.checkIntervalMs=500 -cp "$jar" org.apache.zookeeper.server.quorum.QuorumPeerMain zoo.cfg >server.log 2>&1 &
  server=$!
  for _ in $(seq 300); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then return; fi
    sleep 0.1
  done
  cat server.log >&2
  exit 1
}
# The commands of one session; what they created or listed.
client() {
  printf '%s\n' "$@" quit | java -cp "$jar" org.apache.zookeeper.ZooKeeperMain -waitforconnection -timeout 30000 -server "127.0.0.1:$port" 2>&1 |
    sed -n 's/^Created //p; /^\[/p' | paste -sd ' '
}
# Two holders: the second waits while the first holds the lock.
hold() { client "create -s $1/token- first" "create -s $1/token- second" "delete $1/token-$2" "delete $1/token-$3"; }
start
{
  client 'create -c /container' 'create /plain'
  for parent in /container /plain; do echo "two holders: $(hold "$parent" 0000000000 0000000001)"; done
  for _ in $(seq 100); do
    if [[ "$(client 'ls /')" != *container* ]]; then break; fi
  done
  echo "after a quiet time: $(client 'ls /')"
  client 'create -c /container' 'create -s /container/token- third'
  client 'create -s /plain/token- third' 'delete /plain/token-0000000002'
  kill "$server"
  wait "$server" || true
  start
  echo "after a restart: $(client 'create -s /plain/token- fourth')"
} >seen
seen="$(cat seen)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
/container /plain
two holders: /container/token-0000000000 /container/token-0000000001
two holders: /plain/token-0000000000 /plain/token-0000000001
after a quiet time: [plain, zookeeper]
/container /container/token-0000000000
/plain/token-0000000002
after a restart: /plain/token-0000000003
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: ZooKeeper deletes an empty container after a minute, so that the sequence numbers of the next holders of a lock begin at zero again"
