#!/usr/bin/env bash
# Which value does snmpd show for a gauge of 5,000,000,000 bytes that a "pass" script prints?
#
# Versions:  Net-SNMP 5.9.3 of Debian 12 (snmpd, snmp).
# Guess:     4,294,967,295: a Gauge32 stays at its maximum, as RFC 2578 says; or an error.
# Behaviour: 705,032,704, the value without its upper bits: a file that grows over 4 GiB is shown as small, and an alert above a limit is taken back. -1, which scripts print for "unknown", is 4,294,967,295; 0.75 is 0. snmpget succeeds.
#            counter64 shows the value.
# Why the guess is wrong: the agent reads the text with strtoul into 64 bits and encodes the lower 32 of them. Nothing on the way knows the maximum.
# Source:    Net-SNMP, agent/mibgroup/ucd-snmp/pass_common.c; snmplib/asn1.c, asn_build_unsigned_int; RFC 2578, 7.1.7.
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v snmpd >/dev/null && command -v snmpget >/dev/null || { echo "needs snmpd and snmp" >&2; exit 2; }
case "$(snmpd -v)" in *'5.9.3'*) ;; *) echo "needs Net-SNMP 5.9.3" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
cd "$work"
base=.1.3.6.1.4.1.8072.9999.9999
cat >pass.sh <<'SH2'
# Called as: pass.sh -g OID. Prints the OID, the type and the value.
case "$2" in
  *.1.0) printf '%s\ngauge\n4000000000\n' "$2" ;;
  *.2.0) printf '%s\ngauge\n5000000000\n' "$2" ;;
  *.3.0) printf '%s\ncounter\n5000000000\n' "$2" ;;
  *.4.0) printf '%s\ncounter64\n5000000000\n' "$2" ;;
  *.5.0) printf '%s\ninteger\n3000000000\n' "$2" ;;
  *.6.0) printf '%s\ngauge\n0.75\n' "$2" ;;
  *.7.0) printf '%s\ngauge\n-1\n' "$2" ;;
  *.8.0) printf '%s\nstring\n5000000000\n' "$2" ;;
esac
SH2
cat >snmpd.conf <<CONF
rocommunity probe 127.0.0.1
pass $base /bin/sh $work/pass.sh
CONF
port="$(/usr/bin/python3 -c "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])")"
SNMP_PERSISTENT_DIR="$work" MIBS= snmpd -f -Lf "$work/log" -C -c snmpd.conf "udp:127.0.0.1:$port" &
get() { SNMP_PERSISTENT_DIR="$work" MIBS= snmpget -v2c -c probe -On "127.0.0.1:$port" "$base.$1.0" 2>&1 | sed 's/.* = //'; }
for _ in $(seq 100); do
  if get 8 | grep -q STRING; then break; fi
done
seen="$(
n=0
for name in 'gauge 4000000000' 'gauge 5000000000' 'counter 5000000000' 'counter64 5000000000' 'integer 3000000000' 'gauge 0.75' 'gauge -1' 'string 5000000000'; do
  n=$((n + 1))
  echo "$name: $(get "$n")"
done
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
gauge 4000000000: Gauge32: 4000000000
gauge 5000000000: Gauge32: 705032704
counter 5000000000: Counter32: 705032704
counter64 5000000000: Counter64: 5000000000
integer 3000000000: INTEGER: 3000000000
gauge 0.75: Gauge32: 0
gauge -1: Gauge32: 4294967295
string 5000000000: STRING: "5000000000"
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: snmpd shows a gauge of 5,000,000,000 of a pass script as 705,032,704"
