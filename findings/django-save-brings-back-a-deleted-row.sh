#!/usr/bin/env bash
# What does save() of Django do with a row that another process has deleted since it was read?
#
# Versions:  Django 3.2 of Debian 12 (python3-django) with SQLite.
# Guess:     It fails, or updates no row: the object was read, so that save() is an UPDATE, and a row that is gone stays gone.
# Behaviour: The row is inserted again, whole, with all that had been erased: a customer's data comes back when a worker that had read the row stores its
#            result. save(update_fields=[…]) raises DatabaseError, save(force_update=True) too, and QuerySet.update() returns 0.
# Why the guess is wrong: save() tries an UPDATE and, if it finds no row, an INSERT: that is how objects with a primary key from elsewhere are created. That the object
#            was loaded from the database is known (_state.adding), and not asked.
# Source:    Django documentation, Model instance reference, "How Django knows to UPDATE vs. INSERT"; django/db/models/base.py, _save_table.
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
from django.db import DatabaseError, connection, models


class Execution(models.Model):
    customer = models.TextField()
    result = models.TextField(null=True)

    class Meta:
        app_label = 'probe'


with connection.schema_editor() as editor:
    editor.create_model(Execution)


def trial(name, store):
    Execution.objects.all().delete()
    Execution.objects.create(id=17, customer='Ada Example')
    read_by_worker = Execution.objects.get(id=17)
    Execution.objects.filter(id=17).delete()
    try:
        outcome = store(read_by_worker)
    except DatabaseError as error:
        outcome = type(error).__name__
    rows = [f'{row.customer}, {row.result}' for row in Execution.objects.all()]
    print(f'{name}: {outcome}; rows: {"; ".join(rows) or "none"}')


def save(**options):
    def store(row):
        row.result = 'done'
        row.save(**options)
        return 'no error'
    return store


trial('save()', save())
trial("save(update_fields=['result'])", save(update_fields=['result']))
trial('save(force_update=True)', save(force_update=True))
trial('filter().update()', lambda row: Execution.objects.filter(id=row.id).update(result='done'))
PY
seen="$(/usr/bin/python3 probe.py)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
save(): no error; rows: Ada Example, done
save(update_fields=['result']): DatabaseError; rows: none
save(force_update=True): DatabaseError; rows: none
filter().update(): 0; rows: none
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: save() of Django inserts a row again that another process has deleted"
