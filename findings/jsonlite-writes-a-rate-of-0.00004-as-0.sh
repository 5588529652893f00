#!/usr/bin/env bash
# What does toJSON(fromJSON(text)) of R's jsonlite make of the rates, amounts, ids and nulls of a result?
#
# Versions:  jsonlite 1.8.4 and R 4.2.2 of Debian 12 (r-cran-jsonlite, r-base-core).
# Guess:     The same values: a double is written with as many digits as it needs, as JavaScript, Python and the other packages do; ids beyond 2^53 lose digits.
# Behaviour: A rate of 0.00004 becomes 0, an amount of 1234.56789 becomes 1234.5679, and each scalar a list with one element. null becomes {}, an id of seventeen digits an exponent. No
#            warning. digits = NA keeps fifteen significant digits, auto_unbox = TRUE the scalars, null = "null" the nulls, and bigint_as_char = TRUE the ids.
# Why the guess is wrong: digits is 4 by default, and counts decimals, not significant digits. R has no scalars, so that a number is a vector of one.
# Source:    jsonlite, ?toJSON (digits, auto_unbox, null) and ?fromJSON (bigint_as_char).
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v Rscript >/dev/null || { echo "needs r-base-core" >&2; exit 2; }
[ "$(Rscript --vanilla -e 'cat(as.character(packageVersion("jsonlite")))' 2>&1)" = 1.8.4 ] || { echo "needs jsonlite 1.8.4 (r-cran-jsonlite)" >&2; exit 2; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >probe.R <<'R'
library(jsonlite)
text <- '{"rate":0.00004,"amount":1234.56789,"id":12345678901234567,"error":null}'
cat(text, '\n')
cat('toJSON(fromJSON(text)):', toJSON(fromJSON(text)), '\n')
cat('with digits = NA, auto_unbox = TRUE, null = "null", bigint_as_char = TRUE:', toJSON(fromJSON(text, bigint_as_char = TRUE), digits = NA, auto_unbox = TRUE, null = 'null'), '\n')
R
seen="$(Rscript --vanilla probe.R | sed 's/ $//')"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
{"rate":0.00004,"amount":1234.56789,"id":12345678901234567,"error":null}
toJSON(fromJSON(text)): {"rate":[0],"amount":[1234.5679],"id":[1.23456789012346e+16],"error":{}}
with digits = NA, auto_unbox = TRUE, null = "null", bigint_as_char = TRUE: {"rate":4e-05,"amount":1234.56789,"id":"12345678901234567","error":null}
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: toJSON of jsonlite writes a rate of 0.00004 as 0, and amounts with four decimals"
