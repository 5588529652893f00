#!/usr/bin/env bash
# What does RQ run if two jobs are enqueued with the same job_id and other arguments?
#
# Versions:  RQ 1.13.0 and Redis 7.0 of Debian 12 (python3-rq, redis-server).
# Guess:     The first one, once: an id is unique, so that the second call is ignored (as by BullMQ) or is an error. job_id is how a retry after a lost response does no harm.
# Behaviour: The second one twice, and the first one never: the customer of the second call is charged twice, that of the first not at all. No error. The same
#            id twice with the same arguments is carried out twice, and once more if it is enqueued after it has finished.
# Why the guess is wrong: the id is the key under which the job is stored, and enqueue writes the job and appends the id to the list. Nothing asks whether it is there. A
#            job that exists must be looked for by the caller (Job.exists), which two callers do at once.
# Source:    RQ, rq/queue.py (enqueue_job: job.save, push_job_id); documentation, "Enqueueing Jobs" (job_id).
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v redis-server >/dev/null || { echo "needs redis-server" >&2; exit 2; }
[ "$(/usr/bin/python3 -c 'import rq; print(rq.VERSION)' 2>&1)" = 1.13.0 ] || { echo "needs RQ 1.13.0 (python3-rq)" >&2; exit 2; }
work="$(mktemp -d)"
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
cd "$work"
redis-server --port 0 --unixsocket "$work/redis.sock" --save '' --dir "$work" >/dev/null &
for _ in $(seq 200); do
  if [ -S redis.sock ]; then break; fi
  sleep 0.05
done
cat >charges.py <<'PY'
charged = []


def charge(customer, amount):
    charged.append(f'{customer} {amount}')
PY
cat >probe.py <<'PY'
import logging

from redis import Redis
from rq import Queue, SimpleWorker

import charges

connection = Redis(unix_socket_path='redis.sock')
queue = Queue(connection=connection)


def trial(name, *jobs):
    charges.charged.clear()
    for job_id, arguments in jobs:
        if job_id is None:
            work()
        else:
            queue.enqueue(charges.charge, *arguments, job_id=job_id)
    waiting = len(queue)
    work()
    print(f'{name}: in the queue {waiting}; charged {", ".join(charges.charged)}')


def work():
    SimpleWorker([queue], connection=connection).work(burst=True, logging_level=logging.ERROR)


trial('two ids', ('order-1', ('customer-a', 10)), ('order-2', ('customer-b', 20)))
trial('one id, other arguments', ('order-3', ('customer-a', 10)), ('order-3', ('customer-b', 20)))
trial('one id, same arguments', ('order-4', ('customer-a', 10)), ('order-4', ('customer-a', 10)))
trial('one id, again after it has finished', ('order-5', ('customer-a', 10)), (None, None), ('order-5', ('customer-a', 10)))
PY
seen="$(/usr/bin/python3 probe.py 2>errors)" || { cat errors >&2; exit 1; }
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
two ids: in the queue 2; charged customer-a 10, customer-b 20
one id, other arguments: in the queue 2; charged customer-b 20, customer-b 20
one id, same arguments: in the queue 2; charged customer-a 10, customer-a 10
one id, again after it has finished: in the queue 1; charged customer-a 10, customer-a 10
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: RQ runs the second of two jobs with one job_id twice, and the first one never"
