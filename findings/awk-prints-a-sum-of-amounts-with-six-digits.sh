#!/usr/bin/env bash
# What does awk '{ sum += $2 } END { print sum }' print for amounts with cents?
#
# Versions:  mawk 1.3.4 of Debian 12 (mawk), which is awk there.
# Guess:     The sum, with the errors of binary fractions at the end of it at most.
# Behaviour: Six digits of it: 1234567.89 is printed as 1.23457e+06, and 123456.78 as 123457. A sum without cents is printed whole
#            up to 2147483647, so that a test with round amounts passes; above that it has six digits, too, in this awk. The amount of one row
#            has all, because it is not computed.
# Why the guess is wrong: a computed number that is not an integer (of 32 bits, in mawk) is printed with OFMT, and made a text with CONVFMT; both are "%.6g".
#            printf "%.2f" prints all digits.
# Source:    mawk(1) and POSIX, awk, OFMT and CONVFMT.
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v mawk >/dev/null || { echo "needs mawk" >&2; exit 2; }
case "$(mawk -W version 2>&1)" in 'mawk 1.3.4'*) ;; *) echo "needs mawk 1.3.4" >&2; exit 2 ;; esac
export LC_ALL=C
trial() {
  echo "$1: print $(mawk '{ sum += $2 } END { print sum }' <<<"$1"); joined to a text$(mawk '{ sum += $2 } END { text = " " sum; print text }' <<<"$1"); printf \"%.2f\" $(mawk '{ sum += $2 } END { printf "%.2f", sum }' <<<"$1")"
}
seen="$(
for amount in 1234567 2147483647 2147483648 9.90 1234.56 123456.78 1234567.89; do trial "charged $amount"; done
echo "the amount itself: $(mawk '{ print $2 }' <<<'charged 1234567.89')"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
charged 1234567: print 1234567; joined to a text 1234567; printf "%.2f" 1234567.00
charged 2147483647: print 2147483647; joined to a text 2147483647; printf "%.2f" 2147483647.00
charged 2147483648: print 2.14748e+09; joined to a text 2.14748e+09; printf "%.2f" 2147483648.00
charged 9.90: print 9.9; joined to a text 9.9; printf "%.2f" 9.90
charged 1234.56: print 1234.56; joined to a text 1234.56; printf "%.2f" 1234.56
charged 123456.78: print 123457; joined to a text 123457; printf "%.2f" 123456.78
charged 1234567.89: print 1.23457e+06; joined to a text 1.23457e+06; printf "%.2f" 1234567.89
the amount itself: 1234567.89
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: awk prints a sum with cents with six digits, 1234567.89 as 1.23457e+06, and one without cents from 2147483648 on, too"
