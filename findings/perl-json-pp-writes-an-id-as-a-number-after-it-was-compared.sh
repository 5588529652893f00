#!/usr/bin/env bash
# Which JSON does Perl's JSON::PP write for an id that is a text, if the program has only compared it, sorted by it or printed it?
#
# Versions:  Perl 5.36.0 with JSON::PP 4.07 of Debian 12 (perl).
# Guess:     The text that was read: no value was assigned, and a read does not change a document. What is known is the other direction, that a number which was printed
#            becomes a text.
# Behaviour: A number, after ==, sort { $a <=> $b } or sprintf '%d': "17" becomes 17, and "12345678901234567890" a number that JavaScript rounds to another id. Values with a leading or
#            trailing zero stay texts, so that one column has both types, depending on the id and on which branch has run. A signature of the body is another, too. Printing or
#            matching a number leaves it a number.
# Why the guess is wrong: Perl keeps the number that it has computed beside the text of the same scalar, and the encoder decides by these flags.
#            eq in place of ==, or "$id" for the encoder, keeps the text.
# Source:    JSON::PP, "MAPPING, simple scalars" ("scalars that have last been used in a string context"); perl5360delta, flags of scalars.
# Output seen: the text in `expected` at the end.
set -euo pipefail
[ "$(/usr/bin/perl -MJSON::PP -e 'printf "%vd %s", $^V, JSON::PP->VERSION' 2>&1)" = '5.36.0 4.07' ] || { echo "needs Perl 5.36.0 with JSON::PP 4.07" >&2; exit 2; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >probe.pl <<'PL'
use strict;
use warnings;
use JSON::PP;

my $json = JSON::PP->new->canonical;
my @keys = qw(amount id long reference);

sub trial {
  my ($name, $use) = @_;
  my $result = $json->decode('{"amount":"10.50","id":"17","long":"12345678901234567890","number":10,"reference":"0017"}');
  $use->($result);
  print "$name: ", $json->encode($result), "\n";
}

trial('not used', sub { });
trial('eq', sub { my @found = grep { $_[0]{$_} eq '17' } @keys });
trial('==', sub { my @found = grep { $_[0]{$_} == 17 } @keys });
trial('sort <=>', sub { my @sorted = sort { $a <=> $b } @{ $_[0] }{@keys} });
trial('sprintf %d', sub { my @texts = map { sprintf '%d', $_[0]{$_} } @keys });
trial('number in a text', sub { my $text = "number $_[0]{number}" });
PL
seen="$(/usr/bin/perl probe.pl 2>/dev/null)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
not used: {"amount":"10.50","id":"17","long":"12345678901234567890","number":10,"reference":"0017"}
eq: {"amount":"10.50","id":"17","long":"12345678901234567890","number":10,"reference":"0017"}
==: {"amount":"10.50","id":17,"long":12345678901234567890,"number":10,"reference":"0017"}
sort <=>: {"amount":"10.50","id":17,"long":12345678901234567890,"number":10,"reference":"0017"}
sprintf %d: {"amount":"10.50","id":17,"long":12345678901234567890,"number":10,"reference":"0017"}
number in a text: {"amount":"10.50","id":"17","long":"12345678901234567890","number":10,"reference":"0017"}
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: JSON::PP of Perl 5.36 writes the id "17" as 17 after it was compared with == or sorted by <=>"
