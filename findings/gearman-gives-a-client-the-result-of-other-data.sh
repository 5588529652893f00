#!/usr/bin/env bash
# What does gearman do with a second job that has the unique id of one that is still there, and other data?
#
# Versions:  gearmand and gearman 1.1.20 of Debian 12 (gearman-job-server, gearman-tools).
# Guess:     It refuses it, or does both: the id stops a repetition, and other data is no repetition.
# Behaviour: The data of the second is dropped. A second client that waits gets the result of the first one's data, with exit code 0: the refund of 200 is answered with the receipt of the
#            refund of 100. A third job in the background is accepted and never done. When the first has ended, the same id is done again, so that a repetition that comes later is carried out twice:
#            the id protects against neither.
# Why the guess is wrong: the id joins clients to a job that waits or runs, which gearman calls coalescing, and is no key of idempotency. The server does not compare the data.
# Source:    gearmand 1.1.20, PROTOCOL, SUBMIT_JOB ("If a job with the same Unique ID has already been submitted, the server may attach this request to the already existing job … known commonly as
#            "coalescing""); libgearman-server/job.cc, gearman_server_job_add_reducer (looks a job up by function and unique id, and makes one with the data only if there is none).
# Output seen: the text in `expected` at the end.
set -euo pipefail
case "$(dpkg-query -W -f='${Version}\n' gearman-job-server gearman-tools 2>/dev/null | sort -u)" in '1.1.20+ds-1') ;; *) echo "needs gearman 1.1.20 (gearman-job-server, gearman-tools)" >&2; exit 2 ;; esac
gearmand="$(command -v gearmand || ls /usr/sbin/gearmand)"
work="$(mktemp -d)"
trap 'kill $(jobs -p) 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
port="$(node -e "const s = require('node:net').createServer().listen(0, '127.0.0.1', () => { console.log(s.address().port); s.close(); })")"
"$gearmand" --listen=127.0.0.1 --port="$port" --log-file="$work/log" --verbose=ERROR &
call() { gearman -h 127.0.0.1 -p "$port" -f refund "$@"; }
cat >worker.sh <<'SH'
# The refund takes until the file "go" is there.
data="$(cat)"
echo "$data" >>done.log
until [ -e go ]; do sleep 0.05; done
printf 'receipt of %s' "$data"
SH
until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do sleep 0.05; done
for _ in 1 2; do gearman -h 127.0.0.1 -p "$port" -f refund -w -- bash worker.sh 2>/dev/null & done
until [ "$( (printf 'status\n' >&3; timeout 1 cat <&3) 3<>"/dev/tcp/127.0.0.1/$port" | awk '$1 == "refund" { print $4 }')" = 2 ]; do sleep 0.1; done
seen="$(
call -u order-7 'amount 100' >first.out &
until [ -e done.log ]; do sleep 0.05; done
call -u order-7 'amount 200' >second.out &
second=$!
sleep 1
code=0
call -b -u order-7 'amount 300' || code=$?
echo "third, in the background: exit code $code"
touch go
wait "$second"
echo "second, amount 200: $(cat second.out)"
sleep 1
echo "done by the two workers: $(paste -s -d, done.log)"
echo "the first again, when it was done: $(call -u order-7 'amount 100')"
echo "done by the two workers: $(paste -s -d, done.log)"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
third, in the background: exit code 0
second, amount 200: receipt of amount 100
done by the two workers: amount 100
the first again, when it was done: receipt of amount 100
done by the two workers: amount 100,amount 100
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: gearman drops the data of a second job with the unique id of one that waits or runs, and gives its client the result of the first"
