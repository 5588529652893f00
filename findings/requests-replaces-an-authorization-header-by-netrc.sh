#!/usr/bin/env bash
# Which Authorization does a server receive from a client that sets the header itself, if the file .netrc has an entry for the host?
#
# Versions:  Of Debian 12: requests 2.28.1 (python3-requests), httpx 0.23.3 (python3-httpx), curl 7.88.1; node for the server.
# Guess:     The header that was set: what a program writes explicitly overrides a file in the home folder, which is for requests without credentials.
# Behaviour: From requests, the name and password of .netrc in place of the bearer token: a 401 on the one machine where somebody has such a file, and none in CI. The token is
#            not sent at all, and response.request.headers is the only trace. httpx, and curl with --netrc, send what was set. auth=, or session.trust_env = False, keeps it.
# Why the guess is wrong: requests looks into .netrc whenever auth= is not given, and applies what it finds after the headers. A header is not an auth= for it.
# Source:    requests documentation, "netrc Authentication" ("Authorization headers set using headers= will be overridden if credentials are specified in .netrc");
#            requests/sessions.py, prepare_request.
# Output seen: the text in `expected` at the end.
set -euo pipefail
[ "$(/usr/bin/python3 -c 'import requests, httpx; print(requests.__version__, httpx.__version__)' 2>&1)" = '2.28.1 0.23.3' ] || { echo "needs requests 2.28.1 and httpx 0.23.3 (python3-requests, python3-httpx)" >&2; exit 2; }
case "$(curl --version)" in 'curl 7.88.1 '*) ;; *) echo "needs curl 7.88.1" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >client.py <<'PY'
import sys

import httpx
import requests

kind, url = sys.argv[1:]
headers = {'Authorization': 'Bearer token'}


class Bearer(requests.auth.AuthBase):
    def __call__(self, request):
        request.headers.update(headers)
        return request


session = requests.Session()
if kind == 'trust_env':
    session.trust_env = False
if kind == 'session':
    session.headers.update(headers)
if kind == 'httpx':
    print(httpx.get(url, headers=headers).text)
elif kind == 'auth':
    print(session.get(url, auth=Bearer()).text)
elif kind == 'session':
    print(session.get(url).text)
else:
    print(session.get(url, headers=headers).text)
PY
cat >probe.mjs <<'JS'
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import http from 'node:http';

const server = http.createServer((request, response) => {
  const [scheme, credentials] = (request.headers.authorization ?? 'none').split(' ');
  response.end(scheme === 'Basic' ? `Basic ${Buffer.from(credentials, 'base64')}` : `${scheme} ${credentials ?? ''}`);
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const url = `http://127.0.0.1:${server.address().port}/`;
writeFileSync('.netrc', 'machine 127.0.0.1 login deploy password secret\n');
chmodSync('.netrc', 0o600);
const run = (...command) => new Promise((resolve, reject) => {
  execFile(command[0], command.slice(1), { env: { PATH: process.env.PATH, HOME: process.cwd() } }, (error, output) => error ? reject(error) : resolve(output.trim()));
});
for (const [name, kind] of [['requests, headers=', 'plain'], ['requests, session.headers', 'session'], ['requests, auth=', 'auth'], ['requests, trust_env = False', 'trust_env'], ['httpx, headers=', 'httpx']]) {
  console.log(`${name}: ${await run('/usr/bin/python3', 'client.py', kind, url)}`);
}
console.log(`curl --netrc, --header: ${await run('curl', '-sS', '--netrc', '--header', 'Authorization: Bearer token', url)}`);
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
requests, headers=: Basic deploy:secret
requests, session.headers: Basic deploy:secret
requests, auth=: Bearer token
requests, trust_env = False: Bearer token
httpx, headers=: Bearer token
curl --netrc, --header: Bearer token
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: requests sends the name and password of .netrc in place of the Authorization header that was set; httpx and curl do not"
