#!/usr/bin/env bash
# Which address does unbound with serve-expired give after a failover, when its upstream works and the record has a lifetime of one second?
#
# Versions:  unbound 1.17.1 and dnsmasq 2.90 of Debian 12 (unbound, dnsmasq-base), dig of bind9-dnsutils.
# Guess:     The new one: an expired record is served if the upstream does not answer, which is what the option is for.
# Behaviour: The old one, to the first question after any pause: minutes or hours after the failover the service connects to the old primary. The answer starts the
#            look-up, so that the second question gets the new address; a service that asks rarely is always one answer behind. With
#            serve-expired-client-timeout: 1800 the first question gets the new one.
# Why the guess is wrong: serve-expired answers at once from the cache and refreshes behind it; waiting for the upstream first is another option, off by
#            default. There is no limit of age without serve-expired-ttl.
# Source:    unbound.conf(5), serve-expired, serve-expired-client-timeout, serve-expired-ttl; RFC 8767.
# Output seen: the text in `expected` at the end.
set -euo pipefail
for command in unbound dnsmasq dig node; do command -v "$command" >/dev/null || { echo "needs $command" >&2; exit 2; }; done
case "$(unbound -V)" in 'Version 1.17.1'*) ;; *) echo "needs unbound 1.17.1" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work"
free_port() { node -e 'const socket = require("node:dgram").createSocket("udp4").bind(0, "127.0.0.1", () => { console.log(socket.address().port); socket.close(); });'; }
upstream="$(free_port)"
ask() { dig +short +tries=1 +time=3 -p "$1" @127.0.0.1 primary.example A; }
until_it_answers() {
  for _ in $(seq 100); do
    if [ -n "$(ask "$1" 2>/dev/null | grep '^192')" ]; then return; fi
    sleep 0.1
  done
  echo "no answer at $1" >&2
  exit 1
}
serve() {
  dnsmasq --keep-in-foreground --no-resolv --no-hosts --conf-file=/dev/null --pid-file= --user=root --listen-address=127.0.0.1 --bind-interfaces --port="$upstream" --host-record="primary.example,$1,1" >/dev/null 2>&1 &
  server=$!
  until_it_answers "$upstream"
}
trial() {
  port="$(free_port)"
  cat >"$1.conf" <<CONF
server:
  interface: 127.0.0.1
  port: $port
  do-daemonize: no
  chroot: ""
  username: ""
  directory: "$work"
  pidfile: ""
  use-syslog: no
  logfile: "$work/$1.log"
  module-config: "iterator"
  do-not-query-localhost: no
  local-zone: "example." transparent
  $2
remote-control:
  control-enable: no
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@$upstream
CONF
  serve 192.0.2.1
  unbound -c "$1.conf" >/dev/null 2>&1 &
  resolver=$!
  until_it_answers "$port"
  kill "$server"
  wait "$server" 2>/dev/null || true
  serve 192.0.2.2
  sleep 3
  echo "$3: upstream $(ask "$upstream"), first question $(ask "$port"), second $(sleep 0.5; ask "$port")"
  kill "$server" "$resolver"
  wait "$server" "$resolver" 2>/dev/null || true
}
{
  trial without 'serve-expired: no' 'serve-expired: no'
  trial with 'serve-expired: yes' 'serve-expired: yes'
  trial waiting $'serve-expired: yes\n  serve-expired-client-timeout: 1800' 'serve-expired: yes, client timeout 1800'
} >seen
seen="$(cat seen)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
serve-expired: no: upstream 192.0.2.2, first question 192.0.2.2, second 192.0.2.2
serve-expired: yes: upstream 192.0.2.2, first question 192.0.2.1, second 192.0.2.2
serve-expired: yes, client timeout 1800: upstream 192.0.2.2, first question 192.0.2.2, second 192.0.2.2
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: unbound with serve-expired gives the old address to the first question after a failover, although its upstream answers with the new one"
