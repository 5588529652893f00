#!/usr/bin/env bash
# What does csvsort of csvkit change besides the order of the rows?
#
# Versions:  csvkit 1.0.7 of Debian 12 (csvkit).
# Guess:     Nothing, or the form of a number at most; and nothing at all with -I, which turns the inference of types off.
# Behaviour: "12,50" becomes 1250, a hundred times as much, 0042 becomes 42. A customer NA, and the notes none and null, become empty, with -I, too. csvjson
#            writes the id 42 as 42.0, and 9007199254740993 as …992. csvcut changes nothing, and only -I with --blanks leaves all as it is.
# Why the guess is wrong: csvsort reads the file into a table with types and writes that table: a comma is a separator of thousands wherever it stands. -I
#            makes every column a text, and texts have words for "nothing", too; these are another option.
# Source:    csvkit documentation, csvsort, -I, --blanks; agate documentation, Number and Text (DEFAULT_NULL_VALUES).
# Output seen: the text in `expected` at the end.
set -euo pipefail
for command in csvsort csvcut csvjson; do command -v "$command" >/dev/null || { echo "needs csvkit" >&2; exit 2; }; done
case "$(csvsort --version 2>&1)" in *' 1.0.7') ;; *) echo "needs csvkit 1.0.7" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >export.csv <<'CSV'
id,customer,amount,paid_on,note
0042,NA,"12,50",2026-01-02,none
0007,Ann,"3,99",2026-01-03,null
CSV
printf 'id\n9007199254740993\n42\n' >ids.csv
export LC_ALL=C.UTF-8
seen="$(
for command in 'csvcut -c id,customer,amount,paid_on,note' 'csvsort -c paid_on' 'csvsort -I -c paid_on' 'csvsort -I --blanks -c paid_on'; do
  # shellcheck disable=SC2086
  echo "$command: $($command export.csv | tail -n +2 | paste -sd ' ')"
done
echo "csvjson: $(csvjson ids.csv 2>/dev/null)"
echo "csvjson -I: $(csvjson -I ids.csv 2>/dev/null)"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
csvcut -c id,customer,amount,paid_on,note: 0042,NA,"12,50",2026-01-02,none 0007,Ann,"3,99",2026-01-03,null
csvsort -c paid_on: 42,,1250,2026-01-02, 7,Ann,399,2026-01-03,
csvsort -I -c paid_on: 0042,,"12,50",2026-01-02, 0007,Ann,"3,99",2026-01-03,
csvsort -I --blanks -c paid_on: 0042,NA,"12,50",2026-01-02,none 0007,Ann,"3,99",2026-01-03,null
csvjson: [{"id": 9007199254740992.0}, {"id": 42.0}]
csvjson -I: [{"id": "9007199254740993"}, {"id": "42"}]
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo 'ANSWER: csvsort turns "12,50" into 1250 and 0042 into 42, and empties NA, none and null, these even without inference'
