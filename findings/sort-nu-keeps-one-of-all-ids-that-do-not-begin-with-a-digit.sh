#!/usr/bin/env bash
# Which lines does "sort -nu" remove from a list of ids?
#
# Versions:  sort of coreutils 9.1 of Debian 12 (coreutils).
# Guess:     Those that are there twice; -n concerns the order only.
# Behaviour: All but one of the ids that do not begin with a digit, and all but one of those with the same number in front: order-1 and order-2 are one line, 7, 007
#            and 7-refund are one. -h does the same, and "-k 2n -u" keeps one row of each amount. "sort -n | uniq" removes equal lines only.
# Why the guess is wrong: -u keeps one of the lines that compare equal, and -n compares the numbers at the beginning; without a number that is 0.
# Source:    sort(1) and coreutils manual, sort invocation, -u ("output only the first of an equal run").
# Output seen: the text in `expected` at the end.
set -euo pipefail
case "$(sort --version)" in 'sort (GNU coreutils) 9.1'*) ;; *) echo "needs sort of coreutils 9.1" >&2; exit 2 ;; esac
export LC_ALL=C
IDS=(order-1 order-2 order-2 order-3 7 007 7-refund 12)
ROWS=('order-1 990' 'order-2 990' 'order-3 500')
seen="$(
for options in -u -nu -hu -Vu; do
  echo "sort $options: $(printf '%s\n' "${IDS[@]}" | sort "$options" | paste -sd ' ')"
done
echo "sort -n | uniq: $(printf '%s\n' "${IDS[@]}" | sort -n | uniq | paste -sd ' ')"
echo "sort -k 2n: $(printf '%s\n' "${ROWS[@]}" | sort -k 2n | paste -sd ';')"
echo "sort -k 2n -u: $(printf '%s\n' "${ROWS[@]}" | sort -k 2n -u | paste -sd ';')"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
sort -u: 007 12 7 7-refund order-1 order-2 order-3
sort -nu: order-1 7 12
sort -hu: order-1 7 12
sort -Vu: 7 7-refund 12 order-1 order-2 order-3
sort -n | uniq: order-1 order-2 order-3 007 7 7-refund 12
sort -k 2n: order-3 500;order-1 990;order-2 990
sort -k 2n -u: order-3 500;order-1 990
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: sort -nu keeps one line of all that do not begin with a digit, and one row for each number"
