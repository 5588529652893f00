#!/usr/bin/env bash
# Which responses pass a health check "curl … | jq -e '.lag < 60'"?
#
# Versions:  jq 1.6 of Debian 12 (jq).
# Guess:     Those with a lag below 60. If the member is absent, null or a text, or the body is empty, -e makes the exit code something else than 0.
# Behaviour: A body without the member passes, with null passes, and an empty body passes, as that of a server that is down. false and true pass. '.free > 10' passes for every
#            text, list and object. jq 1.7 corrects the empty body only.
# Why the guess is wrong: jq compares values of all types in one order, null < false < true < numbers < texts < lists < objects, and an absent member is
#            null. With an empty body the filter is never run, and -e of jq 1.6 has then nothing to judge.
# Source:    jq manual, "<, <=, >, >=" and sort; jq issues 1142, 1497 and 2583.
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v jq >/dev/null || { echo "needs jq" >&2; exit 2; }
case "$(jq --version)" in jq-1.6*) ;; *) echo "needs jq 1.6" >&2; exit 2 ;; esac
check() { if printf '%s' "$1" | jq -e "$2" >/dev/null 2>&1; then echo passes; else echo fails; fi; }
seen="$(
for body in '{"lag":5}' '{"lag":500}' '{"status":"starting"}' '{"lag":null}' '{"lag":false}' '{"lag":"5"}' '{"error":"no database"}' '' '<html>'; do
  echo ".lag < 60 of ${body:-an empty body}: $(check "$body" '.lag < 60')"
done
for body in '{"free":5}' '{"free":"5"}' '{"free":[]}' '{"free":{"error":"unknown"}}'; do
  echo ".free > 10 of $body: $(check "$body" '.free > 10')"
done
for body in '{"ok":false}' '{"ok":false} {"ok":true}' '{}' ''; do
  echo ".ok of ${body:-an empty body}: $(check "$body" '.ok')"
done
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
.lag < 60 of {"lag":5}: passes
.lag < 60 of {"lag":500}: fails
.lag < 60 of {"status":"starting"}: passes
.lag < 60 of {"lag":null}: passes
.lag < 60 of {"lag":false}: passes
.lag < 60 of {"lag":"5"}: fails
.lag < 60 of {"error":"no database"}: passes
.lag < 60 of an empty body: passes
.lag < 60 of <html>: fails
.free > 10 of {"free":5}: fails
.free > 10 of {"free":"5"}: passes
.free > 10 of {"free":[]}: passes
.free > 10 of {"free":{"error":"unknown"}}: passes
.ok of {"ok":false}: fails
.ok of {"ok":false} {"ok":true}: passes
.ok of {}: fails
.ok of an empty body: passes
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: jq -e '.lag < 60' of jq 1.6 passes for a body without lag, for null, and for an empty body"
