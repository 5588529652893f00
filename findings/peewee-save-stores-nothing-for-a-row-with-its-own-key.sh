#!/usr/bin/env bash
# Does save() of peewee store a new charge whose primary key is the idempotency key of the caller?
#
# Versions:  peewee 3.14.10 of Debian 12 (python3-peewee), with SQLite.
# Guess:     Yes, or it raises IntegrityError if the key exists: save() inserts a new object, as save() of Django, which tries an UPDATE and then inserts.
# Behaviour: No: nothing is stored, nothing is raised, and save() returns 0. If the key exists, the row of the first charge is overwritten, and save() returns 1: of two
#            different charges with one key the second replaces the first, and its caller takes it for stored. create() and save(force_insert=True) insert, and raise IntegrityError for a key that exists.
# Why the guess is wrong: peewee decides by the primary key alone: none means INSERT, any value means UPDATE. With an id that the database counts, which examples have, a new object has none.
# Source:    coleifer/peewee, docs/peewee/models.rst (non-integer primary keys, "WRONG!! this will try to do an update"); peewee.py as Debian installs it, Model.save.
# Output seen: the text in `expected` at the end.
set -euo pipefail
[ "$(/usr/bin/python3 -c 'import peewee; print(peewee.__version__)' 2>&1)" = 3.14.10 ] || { echo "needs peewee 3.14.10 (python3-peewee)" >&2; exit 2; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >probe.py <<'PY'
import peewee

database = peewee.SqliteDatabase('charges.db')


class Charge(peewee.Model):
    key = peewee.CharField(primary_key=True)
    amount = peewee.IntegerField()

    class Meta:
        database = database


class Counted(peewee.Model):
    key = peewee.CharField(unique=True)
    amount = peewee.IntegerField()

    class Meta:
        database = database


database.create_tables([Charge, Counted])


def trial(name, work):
    try:
        seen = f'returns {work()}'
    except peewee.IntegrityError as error:
        seen = type(error).__name__
    rows = [(row.key, row.amount) for model in (Charge, Counted) for row in model.select()]
    print(f'{name}: {seen}; rows {rows}')


trial('save() of a new key', lambda: Charge(key='a', amount=100).save())
trial('save(force_insert=True) of a new key', lambda: Charge(key='a', amount=100).save(force_insert=True))
trial('save() of another charge with this key', lambda: Charge(key='a', amount=999).save())
trial('save(force_insert=True) of it', lambda: Charge(key='a', amount=999).save(force_insert=True))
trial('create() of it', lambda: Charge.create(key='a', amount=999))
Charge.delete().execute()
trial('save() where the database counts the id and the key is unique', lambda: Counted(key='a', amount=100).save())
trial('save() of another charge with this key', lambda: Counted(key='a', amount=999).save())
PY
seen="$(/usr/bin/python3 probe.py)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
save() of a new key: returns 0; rows []
save(force_insert=True) of a new key: returns 1; rows [('a', 100)]
save() of another charge with this key: returns 1; rows [('a', 999)]
save(force_insert=True) of it: IntegrityError; rows [('a', 999)]
create() of it: IntegrityError; rows [('a', 999)]
save() where the database counts the id and the key is unique: returns 1; rows [('a', 100)]
save() of another charge with this key: IntegrityError; rows [('a', 100)]
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: save() of peewee stores nothing and raises nothing for a new row whose primary key is set, and overwrites the row that has this key"
