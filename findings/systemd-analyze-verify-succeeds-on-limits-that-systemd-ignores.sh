#!/usr/bin/env bash
# What is the exit code of `systemd-analyze verify` for a unit with a limit and a protection that systemd cannot read?
#
# Versions:  systemd 252 of Debian 12 (systemd).
# Guess:     Not 0: it verifies the unit. And 512m is valid, as for containers; MemoryMax=512M is the same.
# Behaviour: 0. The lines are named on the error output as "ignoring", and the service runs without the limit, without the protection, and without a
#            restart. A lower case letter is not a unit of size. With --recursive-errors=no, which sounds more tolerant, it is 1.
# Why the guess is wrong: systemd ignores lines that it does not know, so that units of newer versions work; verify reports what systemd would log,
#            and fails only for what systemd would not load. Any value of the option makes warnings count; its value says of which units.
# Source:    man systemd-analyze, verify and --recursive-errors; man systemd.resource-control, MemoryMax (K, M, G, T).
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v systemd-analyze >/dev/null || { echo "needs systemd-analyze (Debian: systemd)" >&2; exit 2; }
systemd-analyze --version | grep -q '^systemd 252 ' || { echo "needs systemd 252" >&2; exit 2; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
unit() { printf '[Service]\nExecStart=/bin/true\n%s\n' "$1" >probe.service; }
verify() {
  local status=0
  systemd-analyze verify --man=no "${@:2}" ./probe.service >output 2>&1 || status=$?
  echo "$1: exit code $status$(sed -n -E 's/^.*probe\.service(:[0-9]+)?: /, /p' output)"
}
seen="$(
for line in 'MemoryMax=512M' 'MemoryMax=512m' 'ProtectSystem=stricter' 'Restarts=always'; do
  unit "$line"
  verify "$line"
done
verify "$line, --recursive-errors=no" --recursive-errors=no
unit 'ExecStart=/bin/true'
verify 'two ExecStart, which systemd refuses'
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
MemoryMax=512M: exit code 0
MemoryMax=512m: exit code 0, Invalid memory limit '512m', ignoring: Invalid argument
ProtectSystem=stricter: exit code 0, Failed to parse protect system value, ignoring: stricter
Restarts=always: exit code 0, Unknown key 'Restarts' in section [Service], ignoring.
Restarts=always, --recursive-errors=no: exit code 1, Unknown key 'Restarts' in section [Service], ignoring.
two ExecStart, which systemd refuses: exit code 1, Service has more than one ExecStart= setting, which is only allowed for Type=oneshot services. Refusing.
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: systemd-analyze verify exits with 0 for lines that systemd ignores, such as MemoryMax=512m"
