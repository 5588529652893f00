#!/usr/bin/env bash
# Does APScheduler run a one-off job whose moment comes while all threads of its pool are busy?
#
# Versions:  APScheduler 3.9.1 of Debian 12 (python3-apscheduler): BackgroundScheduler with a pool of one thread (the default has ten).
# Guess:     Yes, as soon as a thread is free: the pool has a queue, and a job that was added for a moment is run at it or late.
# Behaviour: No: if it waited longer than a second, it is dropped for good. The job is no longer in the store, nothing is raised, and add_job had succeeded; the only
#            trace is a line of the log, "was missed by". The same after a laptop slept, or a store was read late. misfire_grace_time=None runs it.
# Why the guess is wrong: misfire_grace_time is 1 second by default, and it is compared when the job starts in its thread, not when it was handed to the pool. A
#            'date' job is removed from the store when it is handed over.
# Source:    APScheduler user guide, "Missed job executions and coalescing"; apscheduler/executors/base.py, run_job.
# Output seen: the text in `expected` at the end.
set -euo pipefail
[ "$(/usr/bin/python3 -c 'import apscheduler; print(apscheduler.version)' 2>&1)" = 3.9.1 ] || { echo "needs APScheduler 3.9.1 (python3-apscheduler)" >&2; exit 2; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >probe.py <<'PY'
import threading
from datetime import datetime, timedelta, timezone

from apscheduler.events import EVENT_JOB_EXECUTED, EVENT_JOB_MISSED
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler


def trial(name, **options):
    ran, missed = [], []
    started, release, done = threading.Event(), threading.Event(), threading.Event()

    def poll(job):
        ran.append(job)
        started.set()
        release.wait()

    scheduler = BackgroundScheduler(executors={'default': ThreadPoolExecutor(1)}, timezone=timezone.utc)

    def ended(event):
        if event.code == EVENT_JOB_MISSED:
            missed.append(event.job_id)
        if event.job_id == 'second':
            done.set()

    scheduler.add_listener(ended, EVENT_JOB_EXECUTED | EVENT_JOB_MISSED)
    scheduler.start()
    moment = datetime.now(timezone.utc) + timedelta(seconds=0.5)
    scheduler.add_job(poll, 'date', run_date=moment, args=['first'], id='first', misfire_grace_time=60)
    scheduler.add_job(poll, 'date', run_date=moment + timedelta(milliseconds=100), args=['second'], id='second', **options)
    while 'first' not in ran:
        pass
    threading.Event().wait(3)
    left = [job.id for job in scheduler.get_jobs()]
    release.set()
    done.wait(60)
    scheduler.shutdown()
    print(f'{name}: ran {" ".join(ran)}; missed {" ".join(missed) or "none"}; left in the store while it waits: {" ".join(left) or "none"}')


trial('default')
trial('misfire_grace_time=None', misfire_grace_time=None)
PY
seen="$(/usr/bin/python3 probe.py 2>/dev/null)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
default: ran first; missed second; left in the store while it waits: none
misfire_grace_time=None: ran first second; missed none; left in the store while it waits: none
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: APScheduler drops a one-off job that waited longer than a second for a thread"
