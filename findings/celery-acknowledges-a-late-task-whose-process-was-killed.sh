#!/usr/bin/env bash
# Does Celery run a task with acks_late=True again, if the process that runs it is killed (out of memory), and if it raises?
#
# Versions:  Celery 5.2.6, kombu 5.2.4 and Redis 7.0 of Debian 12 (python3-celery, python3-redis, redis-server); prefork, one process.
# Guess:     Yes for the killed process: acks_late acknowledges "after the task has been executed", and it was not. That is what the option is for.
# Behaviour: No: the worker notices that its child has died, records FAILURE (WorkerLostError), and acknowledges the message. The charge is never carried out to
#            its end. A task that raises is acknowledged as well. With reject_on_worker_lost=True it runs again.
# Why the guess is wrong: the option concerns the loss of the whole worker. The parent lives, takes the death of the child for the end of the task, and
#            acknowledges failures too (task_acks_on_failure_or_timeout), so that a task that kills each child is not repeated for ever.
# Source:    Celery documentation, Task.reject_on_worker_lost, task_reject_on_worker_lost, task_acks_on_failure_or_timeout; celery/worker/request.py,
#            on_failure.
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v redis-server >/dev/null || { echo "needs redis-server" >&2; exit 2; }
[ "$(/usr/bin/python3 -c 'import celery, redis; print(celery.VERSION.major, celery.VERSION.minor, celery.VERSION.micro)' 2>&1)" = '5 2 6' ] || { echo "needs Celery 5.2.6 (python3-celery, python3-redis)" >&2; exit 2; }
work="$(mktemp -d)"
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
cd "$work"
redis-server --port 0 --unixsocket "$work/redis.sock" --save '' --dir "$work" >/dev/null &
for _ in $(seq 200); do
  if [ -S redis.sock ]; then break; fi
  sleep 0.05
done
cat >tasks.py <<'PY'
import os
import signal

from celery import Celery

url = f'redis+socket://{os.getcwd()}/redis.sock'
app = Celery('tasks', broker=url, backend=url)
app.conf.worker_prefetch_multiplier = 1


def start(name):
    with open(name, 'a') as file:
        file.write('start\n')
    with open(name) as file:
        return len(file.readlines())


@app.task(acks_late=True)
def killed():
    if start('killed') == 1:
        os.kill(os.getpid(), signal.SIGKILL)


@app.task(acks_late=True, reject_on_worker_lost=True)
def killed_and_rejected():
    if start('killed_and_rejected') == 1:
        os.kill(os.getpid(), signal.SIGKILL)


@app.task(acks_late=True)
def raised():
    if start('raised') == 1:
        raise ValueError('away')


@app.task(acks_late=True)
def last():
    start('last')
PY
cat >probe.py <<'PY'
import time

import tasks


def ended(result):
    try:
        result.get(timeout=60)
        return 'SUCCESS'
    except Exception as error:
        return f'{result.state} {type(error).__name__}'


for task in (tasks.killed, tasks.raised, tasks.killed_and_rejected):
    result = task.delay()
    state = ended(result)
    if task is tasks.killed_and_rejected:
        # Its first end is recorded as well, before it runs again.
        while len(open(task.__name__).readlines()) < 2:
            time.sleep(0.1)
    # What is in the queue runs before this one.
    tasks.last.delay().get(timeout=60)
    with tasks.app.connection() as connection:
        client = connection.default_channel.client
        left = client.llen('celery') + client.hlen('unacked')
    started = len(open(task.__name__).readlines())
    print(f'{task.__name__}: started {started}, {state}' if task is not tasks.killed_and_rejected else f'{task.__name__}: started {started}')
    assert left == 0, left
PY
C_FORCE_ROOT=1 /usr/bin/python3 -m celery -A tasks worker --concurrency=1 --without-gossip --without-mingle --without-heartbeat >worker.log 2>&1 &
seen="$(/usr/bin/python3 probe.py 2>errors)" || { cat errors >&2; tail -n 20 worker.log >&2; exit 1; }
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
killed: started 1, FAILURE WorkerLostError
raised: started 1, FAILURE ValueError
killed_and_rejected: started 2
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: Celery acknowledges a task with acks_late=True whose process was killed, and does not run it again, unless reject_on_worker_lost is set"
