#!/usr/bin/env bash
# How often is the charge added if balance = F('balance') + 10 is saved, and the same object is saved once more for another field?
#
# Versions:  Django 3.2 of Debian 12 (python3-django) with SQLite.
# Guess:     Once: after save() the object has the value that was stored, and the second save() writes it again or nothing.
# Behaviour: Twice, and once more with each further save(): the balance is 30 in place of 10 after three saves. refresh_from_db() after the first one ends it, and so does
#            save(update_fields=['note']).
# Why the guess is wrong: the attribute keeps the expression and not its value, and save() writes all fields. F() is recommended against lost updates, with
#            examples that save once.
# Source:    Django documentation, "F() assignments persist after Model.save()" (Query Expressions).
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
from django.db import connection, models
from django.db.models import F


class Account(models.Model):
    balance = models.IntegerField(default=0)
    note = models.TextField(default='')

    class Meta:
        app_label = 'probe'


with connection.schema_editor() as editor:
    editor.create_model(Account)


def trial(name, between, **options):
    account = Account.objects.get(id=Account.objects.create().id)
    account.balance = F('balance') + 10
    account.save()
    balances = [Account.objects.get(id=account.id).balance]
    for note in ('charged', 'receipt sent'):
        between(account)
        account.note = note
        account.save(**options)
        balances.append(Account.objects.get(id=account.id).balance)
    print(f'{name}: {", ".join(str(balance) for balance in balances)}')


trial('save()', lambda account: None)
trial("save(update_fields=['note'])", lambda account: None, update_fields=['note'])
trial('refresh_from_db()', lambda account: account.refresh_from_db())
PY
seen="$(/usr/bin/python3 probe.py)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
save(): 10, 20, 30
save(update_fields=['note']): 10, 10, 10
refresh_from_db(): 10, 10, 10
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: Django adds an F() expression again with each save() of the object, so that one charge is made two or three times"
