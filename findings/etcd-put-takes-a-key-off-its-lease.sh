#!/usr/bin/env bash
# When does etcd delete the key of a leader with a lease of 2 s, if the leader has updated the value once, and then ends?
#
# Versions:  etcd 3.4.23 of Debian 12 (etcd-server, etcd-client).
# Guess:     After 2 s, when the lease ends. The lease belongs to the key; the put changes its value.
# Behaviour: Never. The put without a lease has detached the key: the lease ends, and no key with it. No other process becomes leader until an
#            operator deletes the key. With --lease=ID or --ignore-lease in the put the key is deleted with its lease.
# Why the guess is wrong: a put replaces the whole entry, and its lease is part of it; without one it is 0, "no lease". Libraries for elections
#            and locks give the lease with each put, so that only code of one's own shows it. "lease timetolive --keys" lists what
#            is attached.
# Source:    api/etcdserverpb, PutRequest: "lease … A lease value of 0 indicates no lease", "ignore_lease".
# Output seen: the text in `expected` at the end.
set -euo pipefail
for command in etcd etcdctl; do command -v "$command" >/dev/null || { echo "needs $command" >&2; exit 2; }; done
case "$(etcd --version)" in *'Version: 3.4.23'*) ;; *) echo "needs etcd 3.4.23" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
read -r port peer < <(node -e '
  const servers = [0, 0].map(() => require("node:net").createServer().listen(0, "127.0.0.1"));
  setTimeout(() => { console.log(servers.map((server) => server.address().port).join(" ")); process.exit(0); }, 100);')
etcd --name probe --data-dir "$work/data" --listen-client-urls "http://127.0.0.1:$port" --advertise-client-urls "http://127.0.0.1:$port" \
  --listen-peer-urls "http://127.0.0.1:$peer" --initial-advertise-peer-urls "http://127.0.0.1:$peer" --initial-cluster "probe=http://127.0.0.1:$peer" >log 2>&1 &
server=$!
trap 'kill "$server" && wait "$server" || true; rm -rf "$work"' EXIT
export ETCDCTL_API=3
ask() { etcdctl --endpoints "127.0.0.1:$port" "$@"; }
for _ in $(seq 100); do
  if ask --command-timeout=1s endpoint health >/dev/null 2>&1; then break; fi
  sleep 0.1
done
grant() { ask lease grant 2 | cut -d' ' -f2; }
seen="$(
for variant in 'no option' --ignore-lease --lease; do
  lease="$(grant)"
  ask put leader 'receiver-1' --lease="$lease" >/dev/null
  case "$variant" in
    'no option') ask put leader 'receiver-1, ready' >/dev/null ;;
    --lease) ask put leader 'receiver-1, ready' --lease="$lease" >/dev/null ;;
    *) ask put leader 'receiver-1, ready' "$variant" >/dev/null ;;
  esac
  attached="$(ask lease timetolive "$lease" --keys | sed 's/.*attached keys(\(.*\))/\1/')"
  for _ in $(seq 100); do
    if ask lease timetolive "$lease" | grep -q 'already expired'; then break; fi
    sleep 0.1
  done
  sleep 1
  echo "second put with $variant: keys of the lease $attached; 1 s after its end the key has: $(ask get --print-value-only leader)"
  ask del leader >/dev/null
done
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
second put with no option: keys of the lease []; 1 s after its end the key has: receiver-1, ready
second put with --ignore-lease: keys of the lease [leader]; 1 s after its end the key has: 
second put with --lease: keys of the lease [leader]; 1 s after its end the key has: 
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a put without a lease takes an etcd key off its lease, so that the key of a dead leader stays"
