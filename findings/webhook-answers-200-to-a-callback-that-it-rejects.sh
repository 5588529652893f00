#!/usr/bin/env bash
# Which status does a sender get from webhook (adnanh) for a callback with a wrong token or no signature, and for one whose command fails?
#
# Versions:  webhook 2.8.0 of Debian 12 (webhook): hooks with a command and a trigger rule, value or payload-hmac-sha256; node as the sender.
# Guess:     401 or 403 for the token and the signature, 500 for the command: the sender must try again, and somebody must see it.
# Behaviour: 200 for each of these. After a token was changed on one side only, each callback counts as delivered, and none is processed: the body of the response
#            says "Hook rules were not satisfied.", which a sender does not read. A command that fails, or that does not exist, is 200 with an empty body, because the
#            response is sent before it runs. A signature that does not match is 500, as an outage would be. trigger-rule-mismatch-http-response-code makes the first 401,
#            include-command-output-in-response makes the failed command 500.
# Why the guess is wrong: a rule is a filter ("run for this branch only"), and a request that it leaves out is no error; a token or a signature is one of these rules.
# Source:    webhook, docs/Hook-Definition.md (trigger-rule-mismatch-http-response-code, include-command-output-in-response), webhook.go (hookHandler).
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v webhook >/dev/null || { echo "needs webhook" >&2; exit 2; }
case "$(webhook -version)" in *2.8.0*) ;; *) echo "needs webhook 2.8.0" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >probe.mjs <<'JS'
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const free = net.createServer().listen(0, '127.0.0.1');
await once(free, 'listening');
const { port } = free.address();
free.close();
await once(free, 'close');
const folder = process.cwd();
for (const [name, code] of [['works', 0], ['fails', 1]]) {
  writeFileSync(name, `#!/bin/sh\ntouch ${folder}/ran\nexit ${code}\n`);
  chmodSync(name, 0o755);
}
const HMAC = { match: { type: 'payload-hmac-sha256', secret: 'secret', parameter: { source: 'header', name: 'X-Signature' } } };
const TOKEN = { match: { type: 'value', value: 'secret', parameter: { source: 'header', name: 'X-Token' } } };
const hook = (id, rule, command, more) => ({ id, 'execute-command': `${folder}/${command}`, 'trigger-rule': rule, ...more });
writeFileSync('hooks.json', JSON.stringify([
  hook('token', TOKEN, 'works'), hook('signature', HMAC, 'works'), hook('fails', TOKEN, 'fails'), hook('absent', TOKEN, 'absent'),
  hook('token-401', TOKEN, 'works', { 'trigger-rule-mismatch-http-response-code': 401 }),
  hook('fails-500', TOKEN, 'fails', { 'include-command-output-in-response': true }),
]));
const server = spawn('webhook', ['-hooks', 'hooks.json', '-ip', '127.0.0.1', '-port', String(port)], { stdio: 'ignore' });
process.on('exit', () => server.kill('SIGKILL'));
const url = `http://127.0.0.1:${port}`;
for (let n = 0; n < 200 && !(await fetch(url).then(() => true, () => false)); n++) await sleep(50);
const body = JSON.stringify({ executionId: '17', status: 'COMPLETED' });
for (const [id, secret] of [['token', 'secret'], ['token', 'another'], ['token', undefined], ['signature', 'secret'], ['signature', 'another'], ['signature', undefined],
  ['fails', 'secret'], ['absent', 'secret'], ['token-401', 'another'], ['fails-500', 'secret']]) {
  rmSync('ran', { force: true });
  const signature = secret && { 'x-token': secret, 'x-signature': createHmac('sha256', secret).update(body).digest('hex') };
  const response = await fetch(`${url}/hooks/${id}`, { method: 'POST', body, headers: { 'content-type': 'application/json', ...signature } });
  const text = (await response.text()).split('\n')[0];
  // A command runs after the response; one that must not run has a second for it.
  for (let n = 0; n < 20 && !existsSync('ran'); n++) await sleep(50);
  const signed = secret === undefined ? 'none' : secret === 'secret' ? 'right' : 'wrong';
  console.log(`${id}, ${signed}: ${response.status} "${text}", command ${existsSync('ran') ? 'ran' : 'did not run'}`);
}
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
token, right: 200 "", command ran
token, wrong: 200 "Hook rules were not satisfied.", command did not run
token, none: 200 "Hook rules were not satisfied.", command did not run
signature, right: 200 "", command ran
signature, wrong: 500 "Error occurred while evaluating hook rules.", command did not run
signature, none: 200 "Hook rules were not satisfied.", command did not run
fails, right: 200 "", command ran
absent, right: 200 "", command did not run
token-401, wrong: 401 "Hook rules were not satisfied.", command did not run
fails-500, right: 500 "Error occurred while executing the hook's command. Please check your logs for more details.", command ran
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: webhook answers 200 to a callback with a wrong token or no signature, and to one whose command fails or does not exist"
