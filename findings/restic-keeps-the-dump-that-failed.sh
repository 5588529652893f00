#!/usr/bin/env bash
# What is in the repository after "pg_dump … | restic backup --stdin" (or borg create -), when pg_dump failed half-way?
#
# Versions:  restic 0.14.0 and borg 1.2.4 of Debian 12 (restic, borgbackup); the dump is a command that fails after two lines.
# Guess:     The backups of before: with "set -o pipefail" the pipeline fails, so that a failed backup is no backup.
# Behaviour: A new snapshot, the latest, with half a dump in it; restic itself exits with 0. "forget --keep-last 1 --prune", which a later run does,
#            removes the good one. borg does the same with "create -"; with --content-from-command it exits with 2 and keeps no archive.
# Why the guess is wrong: the reader of a pipe sees an end of file and no exit code; pipefail tells the shell, when the snapshot exists already.
# Source:    restic issue 4251 and pull request 4410 (--stdin-from-command, from 0.17); borg-create(1), --content-from-command.
# Output seen: the text in `expected` at the end.
set -euo pipefail
for command in restic borg; do command -v "$command" >/dev/null || { echo "needs $command" >&2; exit 2; }; done
case "$(restic version)" in 'restic 0.14.0 '*) ;; *) echo "needs restic 0.14.0" >&2; exit 2 ;; esac
case "$(borg --version)" in 'borg 1.2.4') ;; *) echo "needs borg 1.2.4" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
export RESTIC_REPOSITORY="$work/restic" RESTIC_PASSWORD=probe RESTIC_CACHE_DIR="$work/cache"
export BORG_REPO="$work/borg" BORG_BASE_DIR="$work" BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=yes
restic init >/dev/null
borg init -e none >/dev/null 2>&1
cat >dump.sh <<'SH'
printf 'row-1\nrow-2\n'
if [ "$1" = fails ]; then exit 1; fi
printf 'row-3\nrow-4\n'
SH
restic_backup() { bash dump.sh "$1" | restic backup --stdin --stdin-filename dump.sql --quiet >/dev/null; echo "${PIPESTATUS[*]}"; }
borg_backup() { bash dump.sh "$2" | borg create "::$1" - >/dev/null 2>&1; echo "${PIPESTATUS[*]}"; }
set +e
seen="$(
echo "restic, a good dump: exit codes of the pipeline $(restic_backup works)"
echo "restic, a dump that fails: exit codes $(restic_backup fails); snapshots $(restic snapshots --quiet --json | grep -o '"short_id"' | wc -l), lines of the latest $(restic dump latest /dump.sql | wc -l) of 4"
restic forget --keep-last 1 --prune --quiet >/dev/null
echo "restic, after forget --keep-last 1 --prune: snapshots $(restic snapshots --quiet --json | grep -o '"short_id"' | wc -l), lines of the latest $(restic dump latest /dump.sql | wc -l) of 4"
echo "borg, a good dump: exit codes $(borg_backup one works)"
echo "borg, a dump that fails: exit codes $(borg_backup two fails); lines of the archive $(borg extract --stdout ::two | wc -l) of 4"
borg create --content-from-command ::three -- bash dump.sh fails >/dev/null 2>&1
echo "borg --content-from-command, a dump that fails: exit code $?, archives: $(borg list --short | paste -sd ' ')"
)"
set -e
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
restic, a good dump: exit codes of the pipeline 0 0
restic, a dump that fails: exit codes 1 0; snapshots 2, lines of the latest 2 of 4
restic, after forget --keep-last 1 --prune: snapshots 1, lines of the latest 2 of 4
borg, a good dump: exit codes 0 0
borg, a dump that fails: exit codes 1 0; lines of the archive 2 of 4
borg --content-from-command, a dump that fails: exit code 2, archives: one two
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: restic --stdin keeps half a dump as its latest snapshot when the dump fails, and forget --keep-last 1 then removes the good one"
