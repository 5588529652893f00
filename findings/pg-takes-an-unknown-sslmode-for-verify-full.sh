#!/usr/bin/env bash
# What do the drivers of npm make of an `sslmode` that libpq does not know, and of the modes that it knows?
#
# Versions:  pg-connection-string 2.14.1, which pg 8.23.1 uses.
# Guess:     As libpq: an unknown value is an error, `allow` and `prefer` also connect without TLS, `require` does not verify.
# Behaviour: Every value but `disable` and `no-verify` requests TLS with verification: `prefer`, `allow`, a misspelt word, and
#            `Disable` with a capital.
# Why the guess is wrong: the parser makes an empty TLS configuration for any value, and removes or changes it for known
#            spellings only. `prefer`, `require` and `verify-ca` are aliases of `verify-full` until version 3.
# Source:    PostgreSQL documentation, 34.1.2 (sslmode) and 34.19 (SSL support); the warning that pg-connection-string prints.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts pg-connection-string@2.14.1
cat >probe.mjs <<'JS'
import { parse } from 'pg-connection-string';

const MODES = ['disable', 'no-verify', 'allow', 'prefer', 'require', 'verify-full', 'verify', 'Disable'];
for (const mode of MODES) {
  const { ssl } = parse(`postgres://receiver@db.example/receiver?sslmode=${mode}`);
  console.log(`${mode}: ${JSON.stringify(ssl)}`);
}
JS
seen="$(node --no-warnings probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
disable: false
no-verify: {"rejectUnauthorized":false}
allow: {}
prefer: {}
require: {}
verify-full: {}
verify: {}
Disable: {}
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: pg requests verified TLS for prefer, allow, and any sslmode that it does not know"
