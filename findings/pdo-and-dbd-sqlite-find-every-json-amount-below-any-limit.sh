#!/usr/bin/env bash
# Which payments does "json_extract(payload, '$.amount') > ?" find with the limit 1000 over PDO of PHP, DBI of Perl, and sqlite3 of Python?
#
# Versions:  PHP 8.2 with PDO (php-cli, php-sqlite3), Perl with DBD::SQLite 1.72 (libdbd-sqlite3-perl), Python 3.11 of Debian 12, on one SQLite, 3.40.1.
# Guess:     The one of 20000 in each: the limit is a number of the language, and the amounts are numbers of the JSON.
# Behaviour: PDO and DBI find none above and all below, also for "count(*) > ?": an alarm for large payments never fires, and a report "below the limit" holds every payment. Python finds
#            the one. A comparison with a column of type INTEGER is right in all three, so that the same code works until the amount moves into a JSON payload.
# Why the guess is wrong: execute([1000]) of PDO and of DBI binds a text. SQLite converts it only if the other side is a column with numeric affinity; an expression has none, and each number is
#            less than each text. Right: bindValue(1, 1000, PDO::PARAM_INT), bind_param with SQL_INTEGER, sqlite_see_if_its_a_number, or CAST(? AS INTEGER).
# Source:    php/doc-en, reference/pdo/pdostatement/execute.xml ("All values are treated as PDO::PARAM_STR"); DBD::SQLite 1.72, its documentation on placeholders (HAVING count(*) > ?, sqlite_see_if_its_a_number).
# Output seen: the text in `expected` at the end.
set -euo pipefail
case "$(php -r 'echo PHP_VERSION, " ", SQLite3::version()["versionString"];' 2>&1)" in '8.2.'*' 3.40.1') ;; *) echo "needs PHP 8.2 with SQLite 3.40.1 (php-cli, php-sqlite3)" >&2; exit 2 ;; esac
[ "$(perl -MDBD::SQLite -e 'print $DBD::SQLite::VERSION' 2>&1)" = 1.72 ] || { echo "needs DBD::SQLite 1.72 (libdbd-sqlite3-perl)" >&2; exit 2; }
[ "$(/usr/bin/python3 -c 'import sqlite3; print(sqlite3.sqlite_version)')" = 3.40.1 ] || { echo "needs Python of Debian 12" >&2; exit 2; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
/usr/bin/python3 - <<'PY'
import sqlite3
database = sqlite3.connect('payments.db')
database.execute('CREATE TABLE payments (amount INTEGER, payload TEXT)')
for amount in (5, 300, 20000):
    database.execute("INSERT INTO payments VALUES (?, json_object('amount', ?))", (amount, amount))
database.commit()
PY
cat >queries <<'TXT'
SELECT count(*) FROM payments WHERE amount > ?
SELECT count(*) FROM payments WHERE json_extract(payload, '$.amount') > ?
SELECT count(*) FROM payments WHERE json_extract(payload, '$.amount') < ?
SELECT count(*) FROM (SELECT 1 FROM payments GROUP BY payload IS NULL HAVING sum(amount) > ?)
TXT
cat >probe.php <<'PHP'
<?php
$database = new PDO('sqlite:payments.db');
foreach (file('queries', FILE_IGNORE_NEW_LINES) as $query) {
    $plain = $database->prepare($query);
    $plain->execute([1000]);
    $typed = $database->prepare($query);
    $typed->bindValue(1, 1000, PDO::PARAM_INT);
    $typed->execute();
    echo 'PDO, ', $query, ': ', $plain->fetchColumn(), ', with PARAM_INT ', $typed->fetchColumn(), "\n";
}
PHP
cat >probe.pl <<'PL'
use strict;
use warnings;
use DBI qw(:sql_types);
my $database = DBI->connect('dbi:SQLite:dbname=payments.db', '', '', { RaiseError => 1 });
open my $queries, '<', 'queries' or die;
while (my $query = <$queries>) {
    chomp $query;
    my $plain = $database->selectrow_array($query, undef, 1000);
    my $typed = $database->prepare($query);
    $typed->bind_param(1, 1000, { TYPE => SQL_INTEGER });
    $typed->execute;
    print "DBI, $query: $plain, with SQL_INTEGER ", $typed->fetchrow_array, "\n";
}
PL
cat >probe.py <<'PY'
import sqlite3
database = sqlite3.connect('payments.db')
for query in open('queries').read().splitlines():
    print(f'Python, {query}:', database.execute(query, (1000,)).fetchone()[0])
PY
seen="$(php probe.php; perl probe.pl; /usr/bin/python3 probe.py)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
PDO, SELECT count(*) FROM payments WHERE amount > ?: 1, with PARAM_INT 1
PDO, SELECT count(*) FROM payments WHERE json_extract(payload, '$.amount') > ?: 0, with PARAM_INT 1
PDO, SELECT count(*) FROM payments WHERE json_extract(payload, '$.amount') < ?: 3, with PARAM_INT 2
PDO, SELECT count(*) FROM (SELECT 1 FROM payments GROUP BY payload IS NULL HAVING sum(amount) > ?): 0, with PARAM_INT 1
DBI, SELECT count(*) FROM payments WHERE amount > ?: 1, with SQL_INTEGER 1
DBI, SELECT count(*) FROM payments WHERE json_extract(payload, '$.amount') > ?: 0, with SQL_INTEGER 1
DBI, SELECT count(*) FROM payments WHERE json_extract(payload, '$.amount') < ?: 3, with SQL_INTEGER 2
DBI, SELECT count(*) FROM (SELECT 1 FROM payments GROUP BY payload IS NULL HAVING sum(amount) > ?): 0, with SQL_INTEGER 1
Python, SELECT count(*) FROM payments WHERE amount > ?: 1
Python, SELECT count(*) FROM payments WHERE json_extract(payload, '$.amount') > ?: 1
Python, SELECT count(*) FROM payments WHERE json_extract(payload, '$.amount') < ?: 2
Python, SELECT count(*) FROM (SELECT 1 FROM payments GROUP BY payload IS NULL HAVING sum(amount) > ?): 1
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: PDO of PHP and DBI of Perl find every JSON amount below any limit in SQLite, since they bind the limit as a text"
