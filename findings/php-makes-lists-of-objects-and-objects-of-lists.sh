#!/usr/bin/env bash
# Which JSON does PHP write for results that it has decoded as arrays, merged or filtered?
#
# Versions:  PHP 8.2 of Debian 12 (php-cli): json_decode($text, true), json_encode, array_merge, array_filter.
# Guess:     Objects stay objects and lists stay lists: merging two maps by execution id gives a map, filtering a list gives a shorter list.
# Behaviour: Two maps {"17":…} and {"18":…} become a list without the ids. A list from which an element was filtered becomes an object {"0":…,"2":…}. {} becomes [], and {"0":…,"1":…} a list. array_filter without a function
#            drops false, 0 and "0" as it drops null. 1.0 becomes 1, and an id of twenty digits an exponent. A reader with a schema rejects it, and only for some payloads.
# Why the guess is wrong: PHP has one type for both, and json_encode writes a list if the keys are 0, 1, 2, … without a gap. A key "17" is the integer 17, and array_merge numbers integers again. Use
#            +, array_values, objects in place of arrays, JSON_PRESERVE_ZERO_FRACTION and JSON_BIGINT_AS_STRING.
# Source:    PHP manual, json_encode, json_decode, array_merge ("values with numeric keys will be renumbered"), array_filter, Arrays ("decimal ints will be cast").
# Output seen: the text in `expected` at the end.
set -euo pipefail
case "$(php --version 2>&1)" in 'PHP 8.2.'*) ;; *) echo "needs PHP 8.2 (php-cli)" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >probe.php <<'PHP'
<?php
$read = fn(string $text) => json_decode($text, true, 512, JSON_THROW_ON_ERROR);
$show = function (string $name, mixed $value): void {
    echo $name, ': ', json_encode($value, JSON_THROW_ON_ERROR), "\n";
};
$show('array_merge of {"17":"done"} and {"18":"failed"}', array_merge($read('{"17":"done"}'), $read('{"18":"failed"}')));
$show('{"17":"done"} + {"18":"failed"}', $read('{"17":"done"}') + $read('{"18":"failed"}'));
$show('array_merge of {"a17":"done"} and {"a18":"failed"}', array_merge($read('{"a17":"done"}'), $read('{"a18":"failed"}')));
$show('array_filter of ["a",null,"c"]', array_filter($read('["a",null,"c"]')));
$show('array_filter of ["a","b",null]', array_filter($read('["a","b",null]')));
$show('array_filter of {"amount":0,"paid":false,"note":"0","fee":null,"id":"17"}', array_filter($read('{"amount":0,"paid":false,"note":"0","fee":null,"id":"17"}')));
foreach (['{}', '{"errors":{}}', '{"0":"a","1":"b"}', '{"rate":1.0}', '{"id":12345678901234567890}'] as $text) {
    $show("$text decoded and encoded", $read($text));
}
PHP
seen="$(php probe.php)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
array_merge of {"17":"done"} and {"18":"failed"}: ["done","failed"]
{"17":"done"} + {"18":"failed"}: {"17":"done","18":"failed"}
array_merge of {"a17":"done"} and {"a18":"failed"}: {"a17":"done","a18":"failed"}
array_filter of ["a",null,"c"]: {"0":"a","2":"c"}
array_filter of ["a","b",null]: ["a","b"]
array_filter of {"amount":0,"paid":false,"note":"0","fee":null,"id":"17"}: {"id":"17"}
{} decoded and encoded: []
{"errors":{}} decoded and encoded: {"errors":[]}
{"0":"a","1":"b"} decoded and encoded: ["a","b"]
{"rate":1.0} decoded and encoded: {"rate":1}
{"id":12345678901234567890} decoded and encoded: {"id":1.2345678901234567e+19}
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: PHP writes two merged maps by numeric id as a list without the ids, and a filtered list as an object"
