#!/usr/bin/env bash
# Which notifications does notifies() of psycopg 3 return to a worker that runs a query between two of them on its listening connection?
#
# Versions:  psycopg 3.1.7, psycopg2 2.9.5 and PostgreSQL 15 of Debian 12 (python3-psycopg, python3-psycopg2, postgresql).
# Guess:     All, in order: PostgreSQL has delivered them to the session, and the client keeps them until notifies() asks, as psycopg2 does in its list.
# Behaviour: Each one that arrives together with the answer to a query is dropped: notifies() begins with the next. A job that was announced while the worker looked for the
#            job before it waits until another is announced. psycopg2 keeps both. A handler (add_notify_handler) gets the one that notifies() drops, and does not get the other.
# Why the guess is wrong: in this version notifies() reads what the socket has while it waits; what a query reads goes to the handlers only, and without a handler to nobody.
#            A later version keeps them for notifies() (pull request 975). Before it, a worker looks for jobs after each notification and after each query, or listens on a connection of its own.
# Source:    psycopg 3.1.7 as Debian installs it, psycopg/generators.py (notifies) and psycopg/connection.py (_notify_handler); psycopg issue 962 ("Connection.notifies() generator loses notifications") and
#            pull request 975 ("Don't lose notifications while notifies() is not running").
# Output seen: the text in `expected` at the end.
set -euo pipefail
[ "$(/usr/bin/python3 -c 'import psycopg, psycopg2; print(psycopg.__version__, psycopg2.__version__.split()[0])' 2>&1)" = '3.1.7 2.9.5' ] || { echo "needs psycopg 3.1.7 and psycopg2 2.9.5 (python3-psycopg, python3-psycopg2)" >&2; exit 2; }
bin="$(find /usr/lib/postgresql/15/bin -maxdepth 0 2>/dev/null)" || { echo "needs PostgreSQL 15 of Debian" >&2; exit 2; }
work="$(mktemp -d)"
as=()
# A server refuses to run as root.
if [ "$(id -u)" -eq 0 ]; then
  as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
  chown postgres "$work"
fi
trap '"${as[@]}" "$bin/pg_ctl" -D "$work/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
cd "$work"
"${as[@]}" "$bin/initdb" -D "$work/data" -U probe -A trust >/dev/null
"${as[@]}" "$bin/pg_ctl" -D "$work/data" -o "-c listen_addresses= -c unix_socket_directories=$work" -l "$work/log" -w start >/dev/null
export PGHOST="$work" PGUSER=probe PGDATABASE=postgres
cat >probe.py <<'PY'
import select

import psycopg
import psycopg2

producer = psycopg.connect(autocommit=True)


def announce(job):
    producer.execute('SELECT pg_notify(%s, %s)', ['jobs', job])


def psycopg_3(handler, query):
    worker = psycopg.connect(autocommit=True)
    handled = []
    if handler:
        worker.add_notify_handler(lambda notification: handled.append(notification.payload))
    worker.execute('LISTEN jobs')
    announce('one')
    if query:
        worker.execute('SELECT 1')
    announce('two')
    announce('end')
    seen = []
    for notification in worker.notifies():
        if notification.payload == 'end':
            break
        seen.append(notification.payload)
    return seen, handled


def psycopg_2():
    worker = psycopg2.connect('')
    worker.autocommit = True
    cursor = worker.cursor()
    cursor.execute('LISTEN jobs')
    announce('one')
    cursor.execute('SELECT 1')
    announce('two')
    announce('end')
    while not any(notification.payload == 'end' for notification in worker.notifies):
        select.select([worker], [], [])
        worker.poll()
    return [notification.payload for notification in worker.notifies if notification.payload != 'end']


print('announced: one, two; the worker runs SELECT 1 between them')
print('psycopg 3, without the query, notifies():', ', '.join(psycopg_3(False, False)[0]))
print('psycopg 3, notifies():', ', '.join(psycopg_3(False, True)[0]))
seen, handled = psycopg_3(True, True)
print(f'psycopg 3 with a handler, notifies(): {", ".join(seen)}; the handler: {", ".join(handled)}')
print('psycopg2, connection.notifies:', ', '.join(psycopg_2()))
PY
seen="$(/usr/bin/python3 probe.py)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
announced: one, two; the worker runs SELECT 1 between them
psycopg 3, without the query, notifies(): one, two
psycopg 3, notifies(): two
psycopg 3 with a handler, notifies(): two; the handler: one
psycopg2, connection.notifies: one, two
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: notifies() of psycopg 3.1 does not return a notification that arrived with the answer to a query"
