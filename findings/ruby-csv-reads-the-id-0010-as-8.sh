#!/usr/bin/env bash
# Which number does CSV of Ruby read for the id 0010 with converters: :numeric, which CSV.table has by itself?
#
# Versions:  Ruby 3.1.2 with csv 3.2.2 of Debian 12 (ruby).
# Guess:     10: leading zeros are lost, which is known of readers of CSV.
# Behaviour: 8, as an octal number; and 0080, which is none, is 80.0. 0x10 is 16, 0b11 is 3 and 1_000 is 1000. Ids of one column become others, some of them ids of other orders, without an error.
# Why the guess is wrong: the converters call Integer() and then Float() of Ruby, which read what is a number in a program of Ruby.
# Source:    csv, lib/csv.rb, Converters; Ruby documentation, Kernel#Integer.
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v ruby >/dev/null || { echo "needs ruby" >&2; exit 2; }
[ "$(ruby -rcsv -e 'puts RUBY_VERSION + " " + CSV::VERSION')" = '3.1.2 3.2.2' ] || { echo "needs Ruby 3.1.2 with csv 3.2.2" >&2; exit 2; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >probe.rb <<'RB'
require 'csv'
ids = %w[10 0010 0080 0x10 0b11 1_000 +5 1e3 0.10 007.50]
text = "id\n" + ids.join("\n") + "\n"
read = ->(rows) { rows.map { |row| row[0].inspect }.join(' ') }
puts "written: #{ids.join(' ')}"
puts "CSV.parse: #{read.call(CSV.parse(text, headers: true))}"
puts "CSV.parse, converters: :numeric: #{read.call(CSV.parse(text, headers: true, converters: :numeric))}"
puts "CSV.table: #{File.write('ids.csv', text) && read.call(CSV.table('ids.csv'))}"
RB
seen="$(ruby probe.rb)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
written: 10 0010 0080 0x10 0b11 1_000 +5 1e3 0.10 007.50
CSV.parse: "10" "0010" "0080" "0x10" "0b11" "1_000" "+5" "1e3" "0.10" "007.50"
CSV.parse, converters: :numeric: 10 8 80.0 16 3 1000 5 1000.0 0.1 7.5
CSV.table: 10 8 80.0 16 3 1000 5 1000.0 0.1 7.5
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: CSV of Ruby with converters: :numeric reads the id 0010 as 8 and 0080 as 80.0"
