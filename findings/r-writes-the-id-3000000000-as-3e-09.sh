#!/usr/bin/env bash
# Which ids does R write into the CSV that it makes of an export, if it has changed nothing but one amount?
#
# Versions:  R 4.2.2 of Debian 12 (r-base-core): read.csv, write.csv; jsonlite 1.8.4 (r-cran-jsonlite): fromJSON, toJSON.
# Guess:     The same: the ids are integers far below 2^53, which a double holds exactly, and neither function is asked to round.
# Behaviour: 3000000000 becomes 3e+09 and 100000000000 1e+11, while 3000000001 stays: one id in many does not match any more. A column in which all ids are below 2^31 is
#            not affected. Leading zeros are lost. toJSON of jsonlite rounds amounts to four decimals, and writes the ids as they are.
# Why the guess is wrong: numbers above 2^31 are doubles, and R writes a double in the shorter of two forms: 3e+09 has five characters, 3000000000 ten. options(scipen = 20), or
#            colClasses = 'character', avoids it. jsonlite's digits is 4 by default.
# Source:    R documentation, ?options (scipen), ?write.table, ?read.table (colClasses); jsonlite, ?toJSON (digits).
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v Rscript >/dev/null || { echo "needs r-base-core" >&2; exit 2; }
case "$(R --version)" in 'R version 4.2.2 '*) ;; *) echo "needs R 4.2.2" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >export.csv <<'CSV'
id,reference,amount
2999999999,0017,10.5
3000000000,0018,20.25
3000000001,0019,30
100000000000,0020,40
CSV
cat >probe.R <<'R'
rows <- read.csv('export.csv')
rows$amount[1] <- 11.5
write.csv(rows, row.names = FALSE, quote = FALSE)
cat('with scipen = 20 and colClasses:\n')
options(scipen = 20)
rows <- read.csv('export.csv', colClasses = c(reference = 'character'))
rows$amount[1] <- 11.5
write.csv(rows, row.names = FALSE, quote = FALSE)
R
seen="$(Rscript --vanilla probe.R)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
id,reference,amount
2999999999,17,11.5
3e+09,18,20.25
3000000001,19,30
1e+11,20,40
with scipen = 20 and colClasses:
id,reference,amount
2999999999,0017,11.5
3000000000,0018,20.25
3000000001,0019,30
100000000000,0020,40
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: R writes the id 3000000000 as 3e+09 into a CSV, and 3000000001 as it is"
