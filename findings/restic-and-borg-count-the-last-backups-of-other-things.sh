#!/usr/bin/env bash
# What do restic and borg keep, if they are told to keep the last two backups, or one of each day, and a repository has those of several nights, hosts, or databases?
#
# Versions:  restic 0.14.0 and borg 1.2.4 of Debian 12 (restic, borgbackup).
# Guess:     Both the same: the last two, or one of each day, of each database. The tools know what a backup is of, from its path or its name.
# Behaviour: restic keeps the last two of each host and set of paths: with a container, whose host name is new each night, or a dump in a folder named by the date, each backup is the only one of its
#            kind, and nothing is ever deleted, neither disk space nor personal data, with exit code 0. borg takes all archives of the repository for one series: of two databases that are
#            backed up one behind the other each night, --keep-daily 7 keeps the one that came last, and of the other only the oldest backup of all; its newer ones are gone.
# Why the guess is wrong: restic groups by host,paths by default (--group-by), borg by nothing (--glob-archives).
# Source:    restic-forget(1) (snapshots "are first divided into groups according to --group-by"; --group-by="host,paths"); borg-prune(1) ("There is no automatic distinction between archives representing
#            different contents"; "--keep-daily 7 means to keep the latest backup on each day"; "As of borg 1.2.0, borg will retain the oldest archive if any of the … rules was not otherwise able to meet its
#            retention target").
# Output seen: the text in `expected` at the end.
set -euo pipefail
case "$(restic version 2>&1)" in 'restic 0.14.0 '*) ;; *) echo "needs restic 0.14.0" >&2; exit 2 ;; esac
[ "$(borg --version 2>&1)" = 'borg 1.2.4' ] || { echo "needs borg 1.2.4 (borgbackup)" >&2; exit 2; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
export HOME="$work" RESTIC_PASSWORD=probe RESTIC_CACHE_DIR="$work/cache" BORG_PASSPHRASE=probe BORG_RELOCATED_REPO_ACCESS_IS_OK=yes BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=yes TZ=UTC
mkdir dumps
echo orders >dumps/orders.sql
echo customers >dumps/customers.sql
NIGHTS='2026-11-01 2026-11-02 2026-11-03'
restic_count() { restic -q snapshots --json | jq length; }
# Backs up four nights with the host and the path that the two functions give, and forgets.
restic_case() {
  export RESTIC_REPOSITORY="$work/restic$1"
  restic -q init >/dev/null
  for night in $NIGHTS; do
    case "$1" in
      same) restic -q backup --time "$night 02:00:00" --host db dumps/orders.sql ;;
      host) restic -q backup --time "$night 02:00:00" --host "container-$night" dumps/orders.sql ;;
      path) mkdir -p "dumps/$night"; cp dumps/orders.sql "dumps/$night/"; restic -q backup --time "$night 02:00:00" --host db "dumps/$night/orders.sql" ;;
    esac
  done
  before="$(restic_count)"
  code=0
  restic -q forget "${@:2}" >/dev/null || code=$?
  echo "backups $before, kept $(restic_count), exit code $code"
}
borg_case() {
  export BORG_REPO="$work/borg$1"
  borg init -e none
  for night in $NIGHTS; do
    borg create --timestamp "${night}T02:00:00" "::orders-$night" dumps/orders.sql
    borg create --timestamp "${night}T02:05:00" "::customers-$night" dumps/customers.sql
  done
  code=0
  borg prune "${@:2}" || code=$?
  echo "kept orders $(borg list --short --glob-archives 'orders-*' | wc -l), customers $(borg list --short --glob-archives 'customers-*' | wc -l), exit code $code"
}
seen="$(
echo "restic, forget --keep-last 2, same host and path: $(restic_case same --keep-last 2)"
echo "restic, forget --keep-last 2, host name of a container: $(restic_case host --keep-last 2)"
echo "restic, forget --keep-last 2, folder of the date: $(restic_case path --keep-last 2)"
rm -rf restichost
echo "restic, forget --keep-last 2 --group-by '', host name of a container: $(restic_case host --keep-last 2 --group-by '')"
echo "borg, prune --keep-daily 7: $(borg_case 1 --keep-daily 7)"
echo "borg, prune --keep-daily 7 --glob-archives 'orders-*': $(borg_case 2 --keep-daily 7 --glob-archives 'orders-*')"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
restic, forget --keep-last 2, same host and path: backups 3, kept 2, exit code 0
restic, forget --keep-last 2, host name of a container: backups 3, kept 3, exit code 0
restic, forget --keep-last 2, folder of the date: backups 3, kept 3, exit code 0
restic, forget --keep-last 2 --group-by '', host name of a container: backups 3, kept 2, exit code 0
borg, prune --keep-daily 7: kept orders 1, customers 3, exit code 0
borg, prune --keep-daily 7 --glob-archives 'orders-*': kept orders 3, customers 3, exit code 0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: restic forget --keep-last 2 keeps every backup whose host name or path is new, and borg prune --keep-daily keeps one of two databases that are backed up on the same day"
