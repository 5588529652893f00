#!/usr/bin/env bash
# Does @retry of tenacity repeat a function that reads pages and yields their rows, if a page fails once?
#
# Versions:  tenacity 8.2.1 of Debian 12 (python3-tenacity).
# Guess:     Yes: the error comes from the decorated function. At worst rows come twice.
# Behaviour: No: the error of the second page reaches the caller at once, after the rows of the first, and the statistics count one successful attempt. The same function with return instead of yield is repeated. A test that lets the
#            service fail at once does not find it either, as nothing of the function has run when the decorator is through.
# Why the guess is wrong: a call of a generator function only makes the generator, and that succeeds. The function runs later, outside the decorator.
# Source:    tenacity/__init__.py, Retrying.__call__; Python documentation, "generator".
# Output seen: the text in `expected` at the end.
set -euo pipefail
case "$(dpkg-query -W -f '${Version}' python3-tenacity 2>/dev/null)" in 8.2.1*) ;; *) echo "needs tenacity 8.2.1 (python3-tenacity)" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >probe.py <<'PY'
from tenacity import retry, stop_after_attempt

calls = []


def page(number):
    calls.append(number)
    if calls.count(2) == 1 and number == 2:
        raise ConnectionError('reset')
    return [f'row-{number}']


@retry(stop=stop_after_attempt(3))
def as_list():
    return [row for number in (1, 2, 3) for row in page(number)]


@retry(stop=stop_after_attempt(3))
def as_generator():
    for number in (1, 2, 3):
        yield from page(number)


def trial(function):
    calls.clear()
    rows = []
    try:
        for row in function():
            rows.append(row)
        end = 'complete'
    except Exception as error:
        end = type(error).__name__
    attempts = function.retry.statistics.get('attempt_number')
    print(f'{function.__name__}: rows {len(rows)}, {end}; attempts in the statistics {attempts}')


trial(as_list)
trial(as_generator)
PY
seen="$(/usr/bin/python3 probe.py)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
as_list: rows 3, complete; attempts in the statistics 2
as_generator: rows 1, ConnectionError; attempts in the statistics 1
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: @retry of tenacity does not repeat a generator function: an error after its first row reaches the caller at once"
