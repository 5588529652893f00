#!/usr/bin/env bash
# What do readers of CSV get of a field with \" in it, such as a JSON text, that PHP has written with fputcsv?
#
# Versions:  PHP 8.2 (php-cli) and Python 3, its csv module, of Debian 12.
# Guess:     The field: fputcsv doubles the quotes of a field, as RFC 4180 says, and readers undo it.
# Behaviour: Of 'say \"hi\", ok' Python makes two fields, 'say \hi\"' and ' ok"', so that the amount behind it is in another column; a JSON text loses quotes and is no JSON. Both without an
#            error. PHP itself reads these two. A field that ends with a backslash is right for Python, and makes PHP's fgetcsv join two rows into one. With an empty escape character all is right.
# Why the guess is wrong: fputcsv has an escape character, \ by default, which no other CSV has: a quote behind it is not doubled. fgetcsv does not end a field at a quote behind it. The
#            backslash itself is neither added nor removed.
# Source:    PHP RFC "Kill proprietary CSV escaping mechanism"; PHP.Watch, "PHP 8.4: CSV: The $escape parameter must be provided".
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v php >/dev/null || { echo "needs php-cli" >&2; exit 2; }
case "$(php --version)" in 'PHP 8.2.'*) ;; *) echo "needs PHP 8.2 (php-cli)" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >write.php <<'PHP'
<?php
$rows = [['1', 'say \"hi\", ok', '9.99'], ['2', json_encode(['note' => 'a "b" c']), '9.99'], ['3', 'C:\exports\\', '9.99'], ['4', 'plain', '9.99']];
$file = fopen($argv[1], 'w');
foreach ($rows as $row) isset($argv[2]) ? fputcsv($file, $row, escape: '') : fputcsv($file, $row);
PHP
cat >read.php <<'PHP'
<?php
$file = fopen($argv[1], 'r');
while ($row = isset($argv[2]) ? fgetcsv($file, escape: '') : fgetcsv($file)) echo '  ', implode(' | ', str_replace("\n", '\n', $row)), "\n";
PHP
cat >read.py <<'PY'
import csv, sys
for row in csv.reader(open(sys.argv[1], newline='')):
    print('  ' + ' | '.join(row).replace('\n', '\\n'))
PY
seen="$(
php write.php rows.csv
echo 'fputcsv, read by Python'
python3 read.py rows.csv
echo 'fputcsv, read by fgetcsv'
php read.php rows.csv
php write.php plain.csv ''
echo 'fputcsv with escape: "", read by Python'
python3 read.py plain.csv
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
fputcsv, read by Python
  1 | say \hi\" |  ok" | 9.99
  2 | {"note":"a \b\" c""}" | 9.99
  3 | C:\exports\ | 9.99
  4 | plain | 9.99
fputcsv, read by fgetcsv
  1 | say \"hi\", ok | 9.99
  2 | {"note":"a \"b\" c"} | 9.99
  3 | C:\exports\",9.99\n4,plain,9.99\n
fputcsv with escape: "", read by Python
  1 | say \"hi\", ok | 9.99
  2 | {"note":"a \"b\" c"} | 9.99
  3 | C:\exports\ | 9.99
  4 | plain | 9.99
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: fputcsv of PHP does not double a quote behind a backslash, so that other readers split the field, and fgetcsv joins rows at a backslash at the end of a field"
