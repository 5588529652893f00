#!/usr/bin/env bash
# What does a task of Celery get that is called with charge.delay(Decimal("12.50"))?
#
# Versions:  Celery 5.2.6 and kombu 5.2.4 of Debian 12 (python3-celery), serializer json (default), broker memory.
# Guess:     An error at delay(), as json.dumps has for a Decimal; or the Decimal, because Celery serializes it and reads it again.
# Behaviour: The text '12.50'. amount * 2 is '12.5012.50', and amount == Decimal('12.50') is False, without an error. A date arrives as a text with a time of day, a UUID as a text, and the key 17 of a dict as '17'. The same call
#            without delay() gets the Decimal.
# Why the guess is wrong: the encoder of kombu writes what JSON does not have as a text, and nothing marks the text, so that nobody reads it back. kombu 5.3 marks these types.
# Source:    kombu/utils/json.py, JSONEncoder.default (textual).
# Output seen: the text in `expected` at the end.
set -euo pipefail
[ "$(/usr/bin/python3 -c 'import celery, kombu; print(celery.__version__, kombu.__version__)' 2>&1)" = '5.2.6 5.2.4' ] || { echo "needs Celery 5.2.6 and kombu 5.2.4 (python3-celery)" >&2; exit 2; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >probe.py <<'PY'
import datetime
import logging
import uuid
from decimal import Decimal

from celery import Celery
from celery.contrib.testing.worker import start_worker

logging.disable(logging.CRITICAL)
app = Celery('probe', broker='memory://', backend='cache+memory://')


@app.task(name='charge')
def charge(amount):
    return repr(amount)


@app.task(name='double')
def double(amount):
    return repr(amount * 2)


@app.task(name='above')
def above(amount):
    return repr(amount == Decimal('12.50'))


def trial(name):
    print(f'{name}: charge(Decimal("12.50")) gets {charge.delay(Decimal("12.50")).get(timeout=60)}')
    print(f'{name}: amount * 2 is {double.delay(Decimal("12.50")).get(timeout=60)}')
    print(f'{name}: amount == Decimal("12.50") is {above.delay(Decimal("12.50")).get(timeout=60)}')
    print(f'{name}: a date arrives as {charge.delay(datetime.date(2026, 11, 30)).get(timeout=60)}')
    print(f'{name}: an id arrives as {charge.delay(uuid.UUID(int=1)).get(timeout=60)}')
    print(f'{name}: a dict with the key 17 arrives as {charge.delay({17: "done"}).get(timeout=60)}')


app.conf.task_always_eager = True
trial('task_always_eager')
app.conf.task_always_eager = False
with start_worker(app, pool='solo', perform_ping_check=False, shutdown_timeout=60):
    trial('a worker')
PY
seen="$(/usr/bin/python3 probe.py 2>errors)" || { cat errors >&2; exit 1; }
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
task_always_eager: charge(Decimal("12.50")) gets '12.50'
task_always_eager: amount * 2 is '12.5012.50'
task_always_eager: amount == Decimal("12.50") is False
task_always_eager: a date arrives as '2026-11-30T00:00:00'
task_always_eager: an id arrives as '00000000-0000-0000-0000-000000000001'
task_always_eager: a dict with the key 17 arrives as {'17': 'done'}
a worker: charge(Decimal("12.50")) gets '12.50'
a worker: amount * 2 is '12.5012.50'
a worker: amount == Decimal("12.50") is False
a worker: a date arrives as '2026-11-30T00:00:00'
a worker: an id arrives as '00000000-0000-0000-0000-000000000001'
a worker: a dict with the key 17 arrives as {'17': 'done'}
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a task of Celery 5.2 that is called with a Decimal gets a text, so that amount * 2 is 12.5012.50"
