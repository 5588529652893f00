#!/usr/bin/env bash
# What does "mlr --ijsonl --ocsv cat" write when the objects do not all have the same members?
#
# Versions:  Miller 6.6.0 of Debian 12 (miller); Python's csv.DictReader as the reader.
# Guess:     One table with all columns and empty cells, or an error.
# Behaviour: A new header, behind an empty line, at each change of the members, with exit code 0. A reader takes the header for a row, and the values of the
#            new column for those of the old one: 990 that were refunded are read as 990 that were charged. unsparsify makes one table.
# Why the guess is wrong: Miller writes what it has read, record by record, and does not know the later members when it writes the first header.
# Source:    Miller documentation, "Record heterogeneity", "Regularizing with the unsparsify verb"; file formats, "Schema change".
# Output seen: the text in `expected` at the end.
set -euo pipefail
for command in mlr python3; do command -v "$command" >/dev/null || { echo "needs $command" >&2; exit 2; }; done
case "$(mlr --version)" in *6.6.0*) ;; *) echo "needs Miller 6.6.0" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >export.ndjson <<'JSON'
{"order":"order-1","charged":990}
{"order":"order-2","refunded":990}
{"order":"order-3","charged":500}
JSON
read_it() { python3 -c 'import csv, sys; print("; ".join(", ".join(f"{name} {value}" for name, value in row.items()) for row in csv.DictReader(sys.stdin)))'; }
trial() {
  code=0
  mlr "$@" export.ndjson >export.csv 2>error || code=$?
  echo "mlr $*: exit code $code, $(wc -l <error) lines on standard error; written: $(paste -sd '|' export.csv)"
  echo "  read: $(read_it <export.csv)"
}
seen="$(
trial --ijsonl --ocsv cat
trial --ijsonl --ocsv unsparsify
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
mlr --ijsonl --ocsv cat: exit code 0, 0 lines on standard error; written: order,charged|order-1,990||order,refunded|order-2,990||order,charged|order-3,500
  read: order order-1, charged 990; order order, charged refunded; order order-2, charged 990; order order, charged charged; order order-3, charged 500
mlr --ijsonl --ocsv unsparsify: exit code 0, 0 lines on standard error; written: order,charged,refunded|order-1,990,|order-2,,990|order-3,500,
  read: order order-1, charged 990, refunded ; order order-2, charged , refunded 990; order order-3, charged 500, refunded 
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: mlr --ocsv writes another header in the middle of the file when the members change, and exits with 0, so that a refund is read as a charge"
