#!/usr/bin/env bash
# Does anacron run a daily job again, at the next boot or the next start of anacron on the same day, if the job has failed?
#
# Versions:  anacron 2.3 of Debian 12 (anacron).
# Guess:     Yes: it records when a job was last done, so that what was missed is made up for, and a job that exits with 1 was not done.
# Behaviour: No: the date is recorded for a failed job as for any other, also for one that was killed, or whose program does not exist. A monthly job that fails on its day is run
#            a month later. anacron itself exits with 0.
# Why the guess is wrong: the stamp means "was started and has ended". The exit code is only logged, and put into the mail about the output. A
#            wrapper must keep a stamp of its own.
# Source:    anacron(8) ("After the command exits, Anacron records the date"); runjob.c, tend_job, update_timestamp.
# Output seen: the text in `expected` at the end.
set -euo pipefail
[ -x /usr/sbin/anacron ] || { echo "needs anacron" >&2; exit 2; }
[ "$(dpkg-query -W -f '${Version}' anacron)" = 2.3-36 ] || { echo "needs anacron 2.3-36" >&2; exit 2; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir spool
cat >job.sh <<'SH'
echo start >>"$(dirname "$0")/$1.starts"
if [ "$1" = killed ]; then kill -9 $$; fi
[ "$1" = works ]
SH
cat >anacrontab <<TAB
SHELL=/bin/sh
MAILTO=
1 0 works bash $work/job.sh works
1 0 fails bash $work/job.sh fails
1 0 killed bash $work/job.sh killed
30 0 monthly bash $work/job.sh monthly
1 0 absent $work/absent
TAB
codes=''
for _ in 1 2 3; do
  code=0
  /usr/sbin/anacron -d -n -s -t "$work/anacrontab" -S "$work/spool" >>log 2>&1 || code=$?
  codes="$codes$code "
done
seen="$(
echo "exit codes of three runs: $codes"
for job in works fails killed monthly; do echo "$job: started $(wc -l <"$job.starts"), $([ -s "spool/$job" ] && echo "recorded as done")"; done
echo "absent: $([ -s spool/absent ] && echo "recorded as done")"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
exit codes of three runs: 0 0 0 
works: started 1, recorded as done
fails: started 1, recorded as done
killed: started 1, recorded as done
monthly: started 1, recorded as done
absent: recorded as done
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: anacron records a job that failed as done, and runs it again only after its period"
