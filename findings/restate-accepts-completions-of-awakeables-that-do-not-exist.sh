#!/usr/bin/env bash
# What does Restate respond to the completion of an awakeable that no invocation waits for, and never has?
#
# Versions:  @restatedev/restate-server 1.7.12.
# Guess:     404, or an error that names the id: the server has no service, no invocation and no awakeable.
# Behaviour: 202 without a body, as for an awakeable that waits, however often it is sent. Only an id that cannot be decoded gets
#            400. A sender with an id of another server, or of an invocation that was purged, gets no sign of it.
# Why the guess is wrong: the id contains the id of its invocation and a number. The ingress decodes it and appends a signal for
#            that invocation to the log; whether the invocation exists is seen later, by another part of the server.
# Source:    the HTTP API of the ingress, "resolve awakeable"; its responses name no 404.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @restatedev/restate-server@1.7.12
cat >probe.mjs <<'JS'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const freePort = async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
};
const [ingress, admin, node] = [await freePort(), await freePort(), await freePort()];
const platform = `${process.platform}-${process.arch}`;
const server = spawn(`node_modules/@restatedev/restate-server-${platform}/bin/restate-server`, ['--listen-mode', 'tcp', '--bind-ip', '127.0.0.1'], {
  stdio: 'ignore',
  env: {
    RESTATE_BASE_DIR: `${process.cwd()}/restate-data`,
    RESTATE_DISABLE_TELEMETRY: 'true',
    RESTATE_ADVERTISED_HOST: '127.0.0.1',
    RESTATE_BIND_PORT: String(node),
    RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`,
    RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`,
  },
});
process.on('exit', () => server.kill('SIGKILL'));
const resolve = async (id) => {
  const url = `http://127.0.0.1:${ingress}/restate/awakeables/${id}/resolve`;
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '1' });
  return `${response.status} ${JSON.stringify((await response.text()).slice(0, 40))}`;
};
// An id is a prefix and base64url of the id of an invocation (24 bytes) and the number of the awakeable in it (4 bytes).
const invented = `sign_1${Buffer.concat([Buffer.alloc(24, 7), Buffer.from([0, 0, 0, 17])]).toString('base64url')}`;
let first = null;
for (let n = 0; n < 300 && !first?.startsWith('2'); n++) {
  first = await resolve(invented).catch(() => null);
  if (!first?.startsWith('2')) await sleep(100);
}
console.log(`an invented id: ${first}`);
console.log(`the same again: ${await resolve(invented)}`);
console.log(`a cut id: ${(await resolve(invented.slice(0, -4))).slice(0, 3)}`);
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
an invented id: 202 ""
the same again: 202 ""
a cut id: 400
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: Restate acknowledges the completion of an awakeable that never existed"
