#!/usr/bin/env bash
# What does LOAD DATA LOCAL INFILE do with amounts, dates and states that a strict sql_mode refuses, and with an id that is there twice?
#
# Versions:  MariaDB 10.11 of Debian 12 (mariadb-server), its default sql_mode with STRICT_TRANS_TABLES.
# Guess:     What LOAD DATA INFILE and INSERT do: an error, and no row. LOCAL says where the file is.
# Behaviour: It stores "12,50" as 12.00, "abc" and NULL as 0.00, 30 February as 0000-00-00, an unknown state as '', an id above the range as 2147483647, and a line that ends early with zeros; the second
#            row of an id is left out. The exit code is 0; "Warnings: 10" is seen by who looks. mariadb-import --local is the same. LOAD DATA INFILE of the same file stores nothing.
# Why the guess is wrong: while the client sends its file, the server cannot stop it, so LOCAL implies IGNORE, which turns errors of rows into warnings in spite of the strict mode. An import
#            of payments belongs into a table of texts first, or has to count @@warning_count.
# Source:    MySQL manual, LOAD DATA ("LOCAL has the same effect" …); MariaDB documentation, IGNORE ("downgrading them to warnings").
# Output seen: the text in `expected` at the end.
set -euo pipefail
for command in mariadbd mariadb mariadb-install-db; do command -v "$command" >/dev/null || { echo "needs mariadb-server" >&2; exit 2; }; done
case "$(mariadbd --version)" in *' 10.11.'*) ;; *) echo "needs MariaDB 10.11" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
as=()
if [ "$(id -u)" -eq 0 ]; then
  as=(setpriv --reuid=mysql --regid=mysql --clear-groups)
  chown mysql "$work"
fi
chmod 711 "$work"
"${as[@]}" mariadb-install-db --no-defaults --datadir="$work/data" --auth-root-authentication-method=normal --skip-test-db >/dev/null 2>&1
"${as[@]}" mariadbd --no-defaults --datadir="$work/data" --socket="$work/socket" --skip-networking --pid-file="$work/pid" >log 2>&1 &
server=$!
trap 'kill "$server" && wait "$server" || true; rm -rf "$work"' EXIT
query() { mariadb --no-defaults -u root -S "$work/socket" --local-infile=1 -N "$@"; }
for _ in $(seq 300); do
  if query -e 'SELECT 1' >/dev/null 2>&1; then break; fi
  sleep 0.1
done
query -e "CREATE DATABASE probe; CREATE TABLE probe.payments (id integer PRIMARY KEY, amount decimal(10,2) NOT NULL, status enum('paid', 'open') NOT NULL, day date)"
cat >payments.csv <<'CSV'
1,12.50,paid,2026-11-30
1,99.00,paid,2026-11-30
2,"12,50",paid,2026-11-30
3,abc,paid,2026-11-30
4,\N,unknown,2026-02-30
99999999999,1.00,paid,2026-11-30
5
CSV
chmod 644 payments.csv
import() {
  code=0
  query probe -vvv -e "LOAD DATA $1 INFILE '$work/payments.csv' INTO TABLE payments FIELDS TERMINATED BY ',' ENCLOSED BY '\"'" >output 2>&1 || code=$?
  echo "LOAD DATA $1: exit code $code, $(sed -n 's/^ERROR \([0-9]*\).*/error \1/p; s/^Records:/records/p' output)"
  query probe -e 'SELECT * FROM payments'
}
seen="$(
import ''
import LOCAL
query probe -e 'TRUNCATE payments'
code=0
mariadb-import --no-defaults -u root -S "$work/socket" --local --fields-terminated-by=, --fields-enclosed-by='"' probe payments.csv >output || code=$?
echo "mariadb-import --local: exit code $code, $(sed 's/.*Records:/records/' output)"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
LOAD DATA : exit code 1, error 1062
LOAD DATA LOCAL: exit code 0, records 7  Deleted: 0  Skipped: 1  Warnings: 10
1	12.50	paid	2026-11-30
2	12.00	paid	2026-11-30
3	0.00	paid	2026-11-30
4	0.00		0000-00-00
5	0.00		NULL
2147483647	1.00	paid	2026-11-30
mariadb-import --local: exit code 0, records 7  Deleted: 0  Skipped: 1  Warnings: 10
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: LOAD DATA LOCAL stores 12.00 for the text 12,50, 0.00 for what is no number and 0000-00-00 for a date that does not exist, with exit code 0, where LOAD DATA refuses the file"
