#!/usr/bin/env bash
# What does a caller see, and what else runs, if a function that was passed to transaction.on_commit of Django raises?
#
# Versions:  Django 3.2 of Debian 12 (python3-django) with SQLite.
# Guess:     The error is logged and the other functions run: the transaction is committed, so that nothing can fail any more.
# Behaviour: The error leaves the block "with transaction.atomic()", as if the transaction had failed, and the functions that were registered after it
#            do not run. The row is stored: a caller that repeats the charge makes it twice, and the notification that was to follow is lost.
# Why the guess is wrong: the functions are called in turn at the end of the outermost block, by the same code that leaves it. robust=True exists since Django 4.2,
#            and is not the default.
# Source:    Django documentation, Database transactions, "Performing actions after commit"; django/db/backends/base/base.py, run_and_clear_commit_hooks.
# Output seen: the text in `expected` at the end.
set -euo pipefail
[ "$(/usr/bin/python3 -c 'import django; print(django.get_version())' 2>&1 | cut -d . -f 1,2)" = 3.2 ] || { echo "needs Django 3.2 (python3-django)" >&2; exit 2; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >probe.py <<'PY'
import django
from django.conf import settings

settings.configure(DATABASES={'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': 'probe.sqlite'}}, DEFAULT_AUTO_FIELD='django.db.models.AutoField')
django.setup()
from django.db import connection, models, transaction


class Charge(models.Model):
    order = models.TextField()

    class Meta:
        app_label = 'probe'


with connection.schema_editor() as editor:
    editor.create_model(Charge)
notified = []


def clear_cache():
    raise ConnectionError('the cache is away')


def charge():
    with transaction.atomic():
        Charge.objects.create(order='order-17')
        transaction.on_commit(lambda: notified.append('metrics'))
        transaction.on_commit(clear_cache)
        transaction.on_commit(lambda: notified.append('customer'))


for attempt in (1, 2):
    try:
        charge()
        outcome = 'no error'
    except ConnectionError as error:
        outcome = f'{type(error).__name__}: {error}'
    print(f'attempt {attempt}: {outcome}; charges stored: {Charge.objects.count()}; notified: {", ".join(notified)}')
PY
seen="$(/usr/bin/python3 probe.py)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
attempt 1: ConnectionError: the cache is away; charges stored: 1; notified: metrics
attempt 2: ConnectionError: the cache is away; charges stored: 2; notified: metrics, metrics
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: an error in an on_commit function of Django leaves the transaction's block after the commit, and the functions behind it do not run"
