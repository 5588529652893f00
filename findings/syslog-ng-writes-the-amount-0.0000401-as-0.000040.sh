#!/usr/bin/env bash
# Which numbers does syslog-ng write that reads JSON lines with json-parser() and writes them with $(format-json)?
#
# Versions:  syslog-ng 3.38.1 of Debian 12 (syslog-ng-core), @version: 3.38.
# Guess:     Those that it has read: a number of a log line is passed on as it is, as a text at worst.
# Behaviour: A fraction with six digits behind the point: 0.0000401 is 0.000040, 1e-7 is 0.000000, and 0.1 is 0.100000. An integer above 2^63 is 9223372036854775807. false and null are texts, "false" and "". Type hints (double(…),
#            int64(…)) change the quotes only. A text of digits stays as it is.
# Why the guess is wrong: each value is stored as a text between parser and template, and the parser prints numbers with %f and %ld to get one.
# Source:    syslog-ng, modules/json/json-parser.c, json_type_double and json_type_int.
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v syslog-ng >/dev/null || { echo "needs syslog-ng-core" >&2; exit 2; }
case "$(syslog-ng --version 2>/dev/null)" in *'3.38.1'*) ;; *) echo "needs syslog-ng 3.38.1" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
cd "$work"
cat >syslog-ng.conf <<CONF
@version: 3.38
options { stats-freq(0); };
source in { file("$work/in" flags(no-parse) follow-freq(0.2)); };
parser json { json-parser(prefix("a.")); };
destination out { file("$work/out" template("\$(format-json --key a.* --shift-levels 1)\n")); };
destination typed { file("$work/typed" template("\$(format-json rate=double(\${a.rate}) amount=double(\${a.amount}) id=int64(\${a.id}))\n")); };
log { source(in); parser(json); destination(out); destination(typed); };
CONF
cat >in <<'TXT'
{"rate":0.0000401,"amount":1234567.891,"id":4711}
{"rate":1e-7,"amount":0.1,"id":9007199254740993}
{"rate":1.5e-300,"amount":12345678901234567.89,"id":12345678901234567890}
{"rate":0.00004,"amount":null,"id":false,"list":[],"object":{},"text":"0.0000401"}
TXT
syslog-ng -F -f syslog-ng.conf -R "$work/persist" -p "$work/pid" -c "$work/ctl" --no-caps >log 2>&1 &
for _ in $(seq 300); do
  if [ -e out ] && [ "$(wc -l <out)" = 4 ]; then break; fi
  sleep 0.1
done
seen="$(cat out; cat typed)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
{"rate":"0.000040","id":"4711","amount":"1234567.891000"}
{"rate":"0.000000","id":"9007199254740993","amount":"0.100000"}
{"rate":"0.000000","id":"9223372036854775807","amount":"12345678901234568.000000"}
{"text":"0.0000401","rate":"0.000040","list":"","id":"false","amount":""}
{"rate":0.000040,"id":4711,"amount":1234567.891000}
{"rate":0.000000,"id":9007199254740993,"amount":0.100000}
{"rate":0.000000,"id":9223372036854775807,"amount":12345678901234568.000000}
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: syslog-ng with json-parser() and format-json writes the amount 0.0000401 as 0.000040 and 12345678901234567890 as 9223372036854775807"
