#!/usr/bin/env bash
# How long is TimeoutStopSec=5M?
#
# Versions:  systemd 252 of Debian 12 (systemd): systemd-analyze timespan and verify, which read a time as a unit file does.
# Guess:     Five minutes, as 5m, or an error: "Min" is an error, too.
# Behaviour: Five months. A service that does not stop is killed after five months, RuntimeMaxSec=5M never ends one, and verify accepts it. 5Min
#            is refused, and 5min are five minutes.
# Why the guess is wrong: units of systemd.time are case-sensitive: M is a month, m a minute. Sizes (MemoryMax=512M) are the other way round: there only
#            the capital letter is known.
# Source:    systemd.time(7), "Parsing time spans" ("months, month, M").
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v systemd-analyze >/dev/null || { echo "needs systemd" >&2; exit 2; }
case "$(systemd-analyze --version)" in 'systemd 252 '*) ;; *) echo "needs systemd 252" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
seen="$(
for span in 5m 5M 5min 5Min 1.5M 90; do
  code=0
  printf '[Service]\nExecStart=/bin/true\nTimeoutStopSec=%s\nRuntimeMaxSec=%s\n' "$span" "$span" >probe.service
  systemd-analyze verify "$work/probe.service" >verify 2>&1 || code=$?
  echo "$span: $(systemd-analyze timespan "$span" 2>/dev/null | sed -n 's/^ *Human: //p' | grep . || echo 'is no time'); verify: exit code $code, $(grep -c 'probe.service:.*ignoring' verify || true) lines that are ignored"
done
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
5m: 5min; verify: exit code 0, 0 lines that are ignored
5M: 5month; verify: exit code 0, 0 lines that are ignored
5min: 5min; verify: exit code 0, 0 lines that are ignored
5Min: is no time; verify: exit code 0, 2 lines that are ignored
1.5M: 1month 2w 1d 5h 15min; verify: exit code 0, 0 lines that are ignored
90: 1min 30s; verify: exit code 0, 0 lines that are ignored
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: TimeoutStopSec=5M is five months, and systemd-analyze verify accepts it"
