#!/usr/bin/env bash
# Does a server that signs the query of its callback URLs receive that query byte for byte from the HTTP clients of Python?
#
# Versions:  aiohttp 3.8.4 with yarl 1.8.2, httpx 0.23.3, requests 2.28.1, Python 3.11 with urllib of Debian 12 (python3-aiohttp, python3-httpx, python3-requests).
# Guess:     Yes: the URL is valid and wholly percent-encoded, and a client sends the URL that it was given.
# Behaviour: urllib sends each as it is. aiohttp decodes %2F, %3A, %2C and %40 in a query, so that an HMAC over the query does not match and each callback gets 401; a base64 signature fails only if it has
#            a slash, which about half of those of 32 bytes have. In a path it keeps %2F. requests decodes %7E, and requests and httpx write %3a as %3A. With yarl.URL(url, encoded=True) aiohttp sends the bytes given.
# Why the guess is wrong: the clients bring the URL into a normal form, each into its own. By RFC 3986 only unreserved characters and the case of the digits are equivalent; aiohttp also decodes what is allowed
#            in a query.
# Source:    aio-libs/aiohttp issue 7222 ("Query parameters are being URL-decoded when making a request"), issue 4307 (signed URLs) and issue 5512 (yarl.URL with encoded=True).
# Output seen: the text in `expected` at the end.
set -euo pipefail
[ "$(/usr/bin/python3 -c 'import aiohttp, httpx, requests, yarl; print(aiohttp.__version__, yarl.__version__, httpx.__version__, requests.__version__)' 2>&1)" = '3.8.4 1.8.2 0.23.3 2.28.1' ] || { echo "needs aiohttp 3.8.4, yarl 1.8.2, httpx 0.23.3 and requests 2.28.1 (python3-aiohttp, python3-httpx, python3-requests)" >&2; exit 2; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >probe.py <<'PY'
import asyncio
import hashlib
import hmac
import http.server
import threading
import urllib.request

import aiohttp
import httpx
import requests
import yarl

received = []


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        received.append(self.path)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()


async def by_aiohttp(url):
    async with aiohttp.ClientSession() as session:
        async with session.get(url):
            pass


CLIENTS = {
    'urllib': urllib.request.urlopen,
    'requests': requests.get,
    'httpx': httpx.get,
    'aiohttp': lambda url: asyncio.run(by_aiohttp(url)),
    'aiohttp, encoded=True': lambda url: asyncio.run(by_aiohttp(yarl.URL(url, encoded=True))),
}
TARGETS = {
    'a signature in base64 with a slash': '/callback?order=12&signature=ab%2Bcd%2Fef%3D',
    'a signature in base64 without a slash': '/callback?order=12&signature=ab%2Bcdef%3D',
    'a time and a list': '/callback?until=2026-12-01T04%3A00&orders=12%2C13',
    'an address': '/callback?notify=ops%40a.example',
    'a tilde': '/callback?path=%7Eops',
    'small digits': '/callback?until=04%3a00',
    'a slash in the path': '/callback/order%2F12',
}


def sign(target):
    return hmac.new(b'key', target.encode(), hashlib.sha256).digest()


for name, target in TARGETS.items():
    print(f'{name}: {target}')
    for client, get in CLIENTS.items():
        received.clear()
        get(f'http://127.0.0.1:{server.server_port}{target}')
        same = hmac.compare_digest(sign(target), sign(received[0]))
        print(f'  {client}: ' + ('the signature matches' if same else f'the signature does not match, received {received[0]}'))
PY
seen="$(env -u http_proxy -u HTTP_PROXY -u all_proxy -u ALL_PROXY /usr/bin/python3 probe.py)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
a signature in base64 with a slash: /callback?order=12&signature=ab%2Bcd%2Fef%3D
  urllib: the signature matches
  requests: the signature matches
  httpx: the signature matches
  aiohttp: the signature does not match, received /callback?order=12&signature=ab%2Bcd/ef%3D
  aiohttp, encoded=True: the signature matches
a signature in base64 without a slash: /callback?order=12&signature=ab%2Bcdef%3D
  urllib: the signature matches
  requests: the signature matches
  httpx: the signature matches
  aiohttp: the signature matches
  aiohttp, encoded=True: the signature matches
a time and a list: /callback?until=2026-12-01T04%3A00&orders=12%2C13
  urllib: the signature matches
  requests: the signature matches
  httpx: the signature matches
  aiohttp: the signature does not match, received /callback?until=2026-12-01T04:00&orders=12,13
  aiohttp, encoded=True: the signature matches
an address: /callback?notify=ops%40a.example
  urllib: the signature matches
  requests: the signature matches
  httpx: the signature matches
  aiohttp: the signature does not match, received /callback?notify=ops@a.example
  aiohttp, encoded=True: the signature matches
a tilde: /callback?path=%7Eops
  urllib: the signature matches
  requests: the signature does not match, received /callback?path=~ops
  httpx: the signature matches
  aiohttp: the signature does not match, received /callback?path=~ops
  aiohttp, encoded=True: the signature matches
small digits: /callback?until=04%3a00
  urllib: the signature matches
  requests: the signature does not match, received /callback?until=04%3A00
  httpx: the signature does not match, received /callback?until=04%3A00
  aiohttp: the signature does not match, received /callback?until=04:00
  aiohttp, encoded=True: the signature matches
a slash in the path: /callback/order%2F12
  urllib: the signature matches
  requests: the signature matches
  httpx: the signature matches
  aiohttp: the signature matches
  aiohttp, encoded=True: the signature matches
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: aiohttp decodes %2F, %3A, %2C and %40 in the query of the URL that it is given, so that a signature over it does not match"
