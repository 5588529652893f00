#!/usr/bin/env bash
# What becomes of charges{currency="EUR"} in a Pushgateway, when a second POST of the same job pushes charges{currency="USD"}?
#
# Versions:  Pushgateway 1.5.1 of Debian 12 (prometheus-pushgateway), curl.
# Guess:     Both are shown: POST adds and replaces, PUT replaces all, and a series is its name with its labels.
# Behaviour: The EUR series is gone: POST replaces every series of the job that has the name, whatever its labels. Other names of the job stay. Two scripts that push one metric for two currencies take turns, and a sum over both is
#            that of one. Labels in the path of the URL (/job/nightly/currency/EUR) keep them apart.
# Why the guess is wrong: the store has metric families in groups, and the labels of the path alone make the group. POST replaces families.
# Source:    Pushgateway, README, "POST method" ("only metrics with the same name as the newly pushed metrics are replaced").
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v prometheus-pushgateway >/dev/null && command -v curl >/dev/null || { echo "needs prometheus-pushgateway and curl" >&2; exit 2; }
case "$(prometheus-pushgateway --version 2>&1)" in *'version 1.5.1'*) ;; *) echo "needs Pushgateway 1.5.1" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
cd "$work"
port="$(/usr/bin/python3 -c "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])")"
prometheus-pushgateway --web.listen-address="127.0.0.1:$port" >/dev/null 2>&1 &
url="http://127.0.0.1:$port"
for _ in $(seq 200); do
  if curl -s --noproxy '*' -f "$url/-/ready" >/dev/null; then break; fi
  sleep 0.05
done
push() { printf '%s\n' "${@:3}" | curl -s --noproxy '*' -o /dev/null -w '%{http_code}' -X "$1" --data-binary @- "$url/metrics/job/$2"; }
shown() { out="$(curl -s --noproxy '*' "$url/metrics" | sed -n 's/,instance=""//; s/instance="",//; /^charges\|^refunds/p' | paste -sd ',' | sed 's/,\(charges\|refunds\)/, \1/g')"; echo "${out:-nothing}"; }
seen="$(
echo "POST of EUR and of refunds: $(push POST nightly 'charges{currency="EUR"} 10' 'refunds 1'); shown $(shown)"
echo "POST of USD: $(push POST nightly 'charges{currency="USD"} 20'); shown $(shown)"
echo "POST of EUR under another job: $(push POST other 'charges{currency="EUR"} 30'); shown $(shown)"
echo "PUT of GBP: $(push PUT nightly 'charges{currency="GBP"} 40'); shown $(shown)"
echo "POST of charges as a counter: $(push POST nightly '# TYPE charges counter' 'charges{currency="EUR"} 50'); shown $(shown)"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
POST of EUR and of refunds: 200; shown charges{currency="EUR",job="nightly"} 10, charges{currency="EUR",job="other"} 30, refunds{job="nightly"} 1
POST of USD: 200; shown charges{currency="EUR",job="other"} 30, charges{currency="USD",job="nightly"} 20, refunds{job="nightly"} 1
POST of EUR under another job: 200; shown charges{currency="EUR",job="other"} 30, charges{currency="USD",job="nightly"} 20, refunds{job="nightly"} 1
PUT of GBP: 200; shown charges{currency="EUR",job="other"} 30, charges{currency="GBP",job="nightly"} 40
POST of charges as a counter: 400; shown charges{currency="EUR",job="other"} 30, charges{currency="GBP",job="nightly"} 40
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a POST to a Pushgateway removes the series of the same name and job with other labels"
