#!/usr/bin/env bash
# What does ClickHouse store of values that do not fit the type of their column?
#
# Versions:  ClickHouse 18.16.1 of Debian 12 (clickhouse-server), inserts over HTTP in four formats.
# Guess:     Nothing: the insert fails, as it does for a Decimal that does not fit, for a text in place of a number and for a member that has no
#            column.
# Behaviour: An insert succeeds with 3000000000 cents in an Int32 as -1294967296 and the id 4294967297 in a UInt32 as 1, in JSON, CSV, TSV and
#            VALUES alike; in JSON also with the day 2200-01-01 as 0000-00-00, 2026-02-30 as 2026-03-02 and null as 0. A sum of amounts is too
#            low by 4294967296 cents for each charge above 2147483647, and two ids are one. A Decimal that does not fit and an expression in
#            VALUES are refused.
# Why the guess is wrong: the parsers of integers and dates do not look for an overflow, for speed. The refusals are those of other types, so
#            that a trial with a wrong text or an unknown member makes one believe in checks.
# Source:    ClickHouse issues 17714 ("This is not in our plans"), 7630 (JSONEachRow, declined) and 41100 (open: "is not detected by the data
#            transfer job as an error"); 58980 has the same for 23.12.
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v clickhouse-server >/dev/null || { echo "needs clickhouse-server" >&2; exit 2; }
command -v curl >/dev/null || { echo "needs curl" >&2; exit 2; }
work="$(mktemp -d)"
server=
trap 'if [ -n "$server" ]; then kill -KILL "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; fi; rm -rf "$work"' EXIT
cd "$work"
free_port() { /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
port="$(free_port)"
cat >config.xml <<XML
<yandex>
  <logger><level>warning</level><log>$work/log</log><errorlog>$work/errors</errorlog></logger>
  <listen_host>127.0.0.1</listen_host>
  <http_port>$port</http_port>
  <path>$work/data/</path>
  <tmp_path>$work/tmp/</tmp_path>
  <users_config>$work/users.xml</users_config>
  <default_profile>default</default_profile>
  <default_database>default</default_database>
  <mark_cache_size>10000000</mark_cache_size>
  <timezone>UTC</timezone>
</yandex>
XML
cat >users.xml <<'XML'
<yandex>
  <profiles><default/></profiles>
  <users><default><password/><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default></users>
  <quotas><default/></quotas>
</yandex>
XML
clickhouse-server --config-file=config.xml >output 2>&1 &
server=$!
query() { curl -sS --data-binary "$1" "http://127.0.0.1:$port/"; }
version="$(curl -s --retry 60 --retry-connrefused --retry-delay 1 --data-binary 'SELECT version()' "http://127.0.0.1:$port/")"
[ "$version" = 18.16.1 ] || { echo "needs ClickHouse 18.16.1, not $version" >&2; exit 2; }
insert() {
  query 'DROP TABLE IF EXISTS charges'
  query "CREATE TABLE charges ($1) ENGINE = MergeTree ORDER BY tuple()"
  result="$(query "INSERT INTO charges $2" | tr '\n' ' ' | sed -n 's/.*DB::Exception: \(.*\), e.what.*/refused: \1/p' | sed 's/ *(.*//; s/ *$//')"
  echo "$2: ${result:-stored $(query 'SELECT * FROM charges FORMAT CSV')}" | tr '\n' ' ' | sed 's/ $//'
  echo
}
seen="$(
insert 'id UInt32, cents Int32' 'FORMAT JSONEachRow {"id":4294967297,"cents":3000000000}'
insert 'id UInt32, cents Int32' "FORMAT CSV
4294967297,3000000000"
insert 'id UInt32, cents Int32' "FORMAT TSV
4294967297	3000000000"
insert 'id UInt32, cents Int32' 'VALUES (4294967297, 3000000000)'
insert 'id UInt32, cents Int32' 'VALUES (4294967296 + 1, 3000000000)'
insert 'day Date' 'FORMAT JSONEachRow {"day":"2200-01-01"}'
insert 'day Date' 'FORMAT JSONEachRow {"day":"2026-02-30"}'
insert 'cents Int32' 'FORMAT JSONEachRow {"cents":null}'
insert 'cents Int32' 'FORMAT JSONEachRow {"cents":"many"}'
insert 'cents Int32' 'FORMAT JSONEachRow {"cent":5}'
insert 'amount Decimal(9, 2)' 'FORMAT JSONEachRow {"amount":12345678.99}'
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
FORMAT JSONEachRow {"id":4294967297,"cents":3000000000}: stored 1,-1294967296
FORMAT CSV 4294967297,3000000000: stored 1,-1294967296
FORMAT TSV 4294967297	3000000000: stored 1,-1294967296
VALUES (4294967297, 3000000000): stored 1,-1294967296
VALUES (4294967296 + 1, 3000000000): refused: Expression returns value NULL, that is out of range of type UInt32, at: 4294967296 + 1, 3000000000)
FORMAT JSONEachRow {"day":"2200-01-01"}: stored "0000-00-00"
FORMAT JSONEachRow {"day":"2026-02-30"}: stored "2026-03-02"
FORMAT JSONEachRow {"cents":null}: stored 0
FORMAT JSONEachRow {"cents":"many"}: refused: Cannot parse input: expected " before: many"}:
FORMAT JSONEachRow {"cent":5}: refused: Unknown field found while parsing JSONEachRow format: cent:
FORMAT JSONEachRow {"amount":12345678.99}: refused: Too many digits in decimal value:
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: ClickHouse stores integers and dates that do not fit their column as other ones, in every format and without an error"
