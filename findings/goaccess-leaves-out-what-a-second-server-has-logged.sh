#!/usr/bin/env bash
# How many requests does GoAccess count, if the logs of two servers are piped into one database (--persist --restore), one after the other?
#
# Versions:  GoAccess 1.7 of Debian 12 (goaccess).
# Guess:     All of both: each line is read once. Whoever pipes the same lines again counts them twice.
# Behaviour: From the second log only what is younger than the last line of the first: of five and five requests it counts six. The others are
#            neither valid nor failed, and the exit code is 0. From one log that is piped again after it has grown, the requests of the second in
#            which the last run ended are missing, though they were written later. With the same logs as files it counts all.
# Why the guess is wrong: a file is remembered by its inode and how far it was read; a pipe has neither, so that a run skips every line up to the
#            last time of the run before. It works for one log with a request now and then, which is how one tries it.
# Source:    goaccess(1), "INCREMENTAL LOG PROCESSING" ("Piped data works based off the timestamp of the last line read. [...] discard all
#            incoming entries until it finds a timestamp >= than the one stored"; an equal one is discarded, too).
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v goaccess >/dev/null || { echo "needs goaccess" >&2; exit 2; }
case "$(goaccess --version)" in *'GoAccess - 1.7.'*) ;; *) echo "needs GoAccess 1.7" >&2; exit 2 ;; esac
command -v jq >/dev/null || { echo "needs jq" >&2; exit 2; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
# lines SECOND...: one request for each.
lines() { printf '192.0.2.1 - - [01/Jan/2026:12:00:%s +0000] "POST /callbacks HTTP/1.1" 200 2 "-" "probe"\n' "$@"; }
report() {
  code=0
  goaccess "$@" --no-global-config --log-format=COMBINED --persist --restore --db-path=database -o report.json >/dev/null 2>&1 || code=$?
  jq -r --arg code "$code" '.general | "counted \(.valid_requests), failed \(.failed_requests), exit code \($code)"' report.json
}
trial() {
  rm -rf database
  mkdir database
  lines 01 11 21 31 41 >one.log
  lines 05 15 25 35 45 >two.log
  for log in one two; do
    if [ "$1" = piped ]; then result="$(report - <"$log.log")"; else result="$(report "$log.log")"; fi
    echo "$1, $log.log: $result"
  done
  rm -rf database
  mkdir database
  for more in '01 11 21' '21 21 22'; do
    # shellcheck disable=SC2086
    lines $more >>growing.log
    if [ "$1" = piped ]; then result="$(report - <growing.log)"; else result="$(report growing.log)"; fi
    echo "$1, growing.log of $(wc -l <growing.log) lines: $result"
  done
  rm growing.log
}
seen="$(
trial piped
trial 'as files'
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
piped, one.log: counted 5, failed 0, exit code 0
piped, two.log: counted 6, failed 0, exit code 0
piped, growing.log of 3 lines: counted 3, failed 0, exit code 0
piped, growing.log of 6 lines: counted 4, failed 0, exit code 0
as files, one.log: counted 5, failed 0, exit code 0
as files, two.log: counted 10, failed 0, exit code 0
as files, growing.log of 3 lines: counted 3, failed 0, exit code 0
as files, growing.log of 6 lines: counted 6, failed 0, exit code 0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: GoAccess with --restore leaves out every piped line that is not younger than the last line of the run before, also of another server"
