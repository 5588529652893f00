#!/usr/bin/env bash
# How many rows does "while (my $row = $csv->getline($fh))" of Perl's Text::CSV read, if the note of the second of four has a line break?
#
# Versions:  Text::CSV 2.02 with Text::CSV_XS 1.49 and Text::CSV_PP 2.02 of Debian 12 (libtext-csv-perl, libtext-csv-xs-perl).
# Guess:     All four: the field is quoted, as RFC 4180 allows; or it dies there.
# Behaviour: One. The loop ends as at the end of the file, the program goes on with success, and three payments are missing. So with an unquoted quote, as in 5" nails, and with
#            a byte that is no ASCII. The error is in error_diag, and eof is false, for those who ask. With binary => 1 the line break is read; auto_diag => 2 dies.
# Why the guess is wrong: getline returns undef at the end and for an error, and the usual loop does not tell them apart. What is not printable ASCII needs
#            binary => 1, also inside of quotes.
# Source:    Text::CSV_XS, documentation, error codes 2021, 2034 and 2037, auto_diag, binary.
# Output seen: the text in `expected` at the end.
set -euo pipefail
[ "$(/usr/bin/perl -MText::CSV_XS -MText::CSV_PP -e 'print join " ", Text::CSV_XS->VERSION, Text::CSV_PP->VERSION' 2>&1)" = '1.49 2.02' ] || { echo "needs Text::CSV_XS 1.49 and Text::CSV 2.02 (libtext-csv-perl, libtext-csv-xs-perl)" >&2; exit 2; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >probe.pl <<'PL'
use strict; use warnings;
my ($module, $file, @options) = @ARGV;
eval "require $module" or die $@;
my $csv = $module->new({ @options }) or die;
open my $handle, '<', $file or die;
my @ids;
eval { while (my $row = $csv->getline($handle)) { push @ids, $row->[0] } 1 } or push @ids, 'died';
printf "%s, %s%s: %s; eof %s, error %d\n", $file, $module, (@options ? " @options" : ''), join(' ', @ids), $csv->eof ? 'yes' : 'no', 0 + $csv->error_diag;
PL
printf '1,one,9.99\n2,"two\nlines",9.99\n3,three,9.99\n4,four,9.99\n' >line-break
printf '1,one,9.99\n2,5" nails,9.99\n3,three,9.99\n4,four,9.99\n' >quote
printf '1,one,9.99\n2,Caf\xc3\xa9,9.99\n3,three,9.99\n4,four,9.99\n' >accent
seen="$(
for file in line-break quote accent; do
  for module in Text::CSV_XS Text::CSV_PP; do /usr/bin/perl probe.pl "$module" "$file"; done
done
/usr/bin/perl probe.pl Text::CSV_XS line-break binary 1
/usr/bin/perl probe.pl Text::CSV_XS quote binary 1 auto_diag 2 2>/dev/null
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
line-break, Text::CSV_XS: 1; eof no, error 2021
line-break, Text::CSV_PP: 1; eof no, error 2021
quote, Text::CSV_XS: 1; eof no, error 2034
quote, Text::CSV_PP: 1; eof no, error 2034
accent, Text::CSV_XS: 1; eof no, error 2037
accent, Text::CSV_PP: 1; eof no, error 2037
line-break, Text::CSV_XS binary 1: 1 2 3 4; eof yes, error 2012
quote, Text::CSV_XS binary 1 auto_diag 2: 1 died; eof no, error 2034
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: the usual loop over getline of Text::CSV ends at a row that it cannot read, as if it were the last one"
