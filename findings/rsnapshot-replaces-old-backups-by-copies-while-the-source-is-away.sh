#!/usr/bin/env bash
# Which states do the three snapshots of rsnapshot have after its source could not be reached in three nights?
#
# Versions:  rsnapshot 1.4.5 and rsync of Debian 12 (rsnapshot), with "retain alpha 3" and a source behind a remote shell.
# Guess:     The last three good ones: a run that fails leaves the snapshots as they are, or rotates and leaves a gap that is seen.
# Behaviour: All three are the newest good state. Each run that fails moves the snapshots on, drops the oldest one, and leaves a copy of the newest as alpha.0. After two nights without a connection nothing
#            older is left. Each run does end with exit code 1.
# Why the guess is wrong: the rotation comes first. alpha.0 is then made as a copy of hard links of the one before, for rsync to change, and rsync does not come to that. "sync_first 1" rotates
#            in a command of its own, which runs after a sync that has succeeded.
# Source:    rsnapshot, the program, rsync_cleanup_after_native_cp_al; rsnapshot(1), sync_first.
# Output seen: the text in `expected` at the end.
set -euo pipefail
for command in rsnapshot rsync; do command -v "$command" >/dev/null || { echo "needs $command" >&2; exit 2; }; done
dpkg-query -W -f '${Version}' rsnapshot | grep -q '^1\.4\.5-' || { echo "needs rsnapshot 1.4.5" >&2; exit 2; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
# A remote shell that runs the command here, while the file "reachable" exists.
cat >shell <<'SH'
#!/bin/sh
[ -e "${0%/*}/reachable" ] || { echo 'no route to host' >&2; exit 255; }
while [ "$1" != db.example ]; do shift; done
shift
exec "$@"
SH
chmod 755 shell
mkdir source
printf '%s\t%s\n' config_version 1.2 snapshot_root "$work/snapshots/" cmd_rsync "$(command -v rsync)" cmd_ssh "$work/shell" lockfile "$work/lock" verbose 1 >conf
printf 'retain\talpha\t3\nbackup\tdb.example:%s/source/\tdb/\n' "$work" >>conf
night() {
  code=0
  rsnapshot -c conf alpha 2>/dev/null || code=$?
  states=''
  for n in 0 1 2; do states+=" $(cat "snapshots/alpha.$n/db$work/source/state" 2>/dev/null || echo -)"; done
  echo "$1: exit code $code, alpha.0 to alpha.2:$states"
}
seen="$(
touch reachable
# Texts of different lengths: rsync does not look into a file of the same time and size.
for state in one three eleven; do
  echo "$state" >source/state
  night "night with the state $state"
done
rm reachable
for n in 1 2 3; do night "night $n without a connection"; done
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
night with the state one: exit code 0, alpha.0 to alpha.2: one - -
night with the state three: exit code 0, alpha.0 to alpha.2: three one -
night with the state eleven: exit code 0, alpha.0 to alpha.2: eleven three one
night 1 without a connection: exit code 1, alpha.0 to alpha.2: eleven eleven three
night 2 without a connection: exit code 1, alpha.0 to alpha.2: eleven eleven eleven
night 3 without a connection: exit code 1, alpha.0 to alpha.2: eleven eleven eleven
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: rsnapshot replaces the oldest snapshot by a copy of the newest in each run that fails, until all are the same"
