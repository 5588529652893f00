#!/usr/bin/env bash
# What does pandas make of JSON strings in an export, for example ids with leading zeros and numbers that were written as texts to stay exact?
#
# Versions:  pandas 1.5.3 of Debian 12 (python3-pandas), read_json with lines=True.
# Guess:     Strings stay strings: JSON has types, unlike CSV. A number of 16 digits is exact as a string and may be rounded as a number.
# Behaviour: The reverse. "9007199254740993" becomes 9007199254740992, and the number stays exact. "00042" becomes 42, "+4930123" becomes
#            4930123, "1e5" becomes 100000, and "1700000000" in a column whose name ends with _at becomes a date. dtype=False keeps
#            strings, except for dates, which need convert_dates=False as well.
# Why the guess is wrong: read_json tries for each column of strings whether it converts to float64, and then to int64, so that the digits pass
#            through a double. Numbers of the text are parsed as int64. One value that does not convert, in any row, keeps the whole column.
# Source:    pandas documentation, read_json (dtype: "if True, infer dtypes", convert_dates); pandas/io/json/_json.py, _try_convert_data.
# Output seen: the text in `expected` at the end.
set -euo pipefail
[ -x /usr/bin/python3 ] || { echo "needs python3 of Debian" >&2; exit 2; }
/usr/bin/python3 -c 'import pandas, sys; sys.exit(pandas.__version__ != "1.5.3")' 2>/dev/null || { echo "needs python3-pandas 1.5.3" >&2; exit 2; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >probe.py <<'PY'
import io
import json
import pandas

ROW = {"id": "00042", "exact": "9007199254740993", "number": 9007199254740993, "phone": "+4930123", "code": "1e5", "created_at": "1700000000"}


def look(name, rows, **options):
    text = "".join(json.dumps(row) + "\n" for row in rows)
    first = pandas.read_json(io.StringIO(text), lines=True, **options).iloc[0]
    print(name + ": " + ", ".join(f"{key} {str(first[key])}{' (text)' if isinstance(first[key], str) else ''}" for key in ROW))


look("defaults", [ROW])
look("one more row whose texts have letters", [ROW, {key: value if key == "number" else "abc" for key, value in ROW.items()}])
look("dtype=False", [ROW], dtype=False)
look("dtype=False, convert_dates=False", [ROW], dtype=False, convert_dates=False)
PY
seen="$(/usr/bin/python3 probe.py)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
defaults: id 42, exact 9007199254740992, number 9007199254740993, phone 4930123, code 100000, created_at 2023-11-14 22:13:20
one more row whose texts have letters: id 00042 (text), exact 9007199254740993 (text), number 9007199254740993, phone +4930123 (text), code 1e5 (text), created_at 1700000000 (text)
dtype=False: id 00042 (text), exact 9007199254740993 (text), number 9007199254740993, phone +4930123 (text), code 1e5 (text), created_at 2023-11-14 22:13:20
dtype=False, convert_dates=False: id 00042 (text), exact 9007199254740993 (text), number 9007199254740993, phone +4930123 (text), code 1e5 (text), created_at 1700000000 (text)
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: pandas turns texts of digits in JSON into numbers, and rounds those of 16 digits, which it reads exactly as numbers"
