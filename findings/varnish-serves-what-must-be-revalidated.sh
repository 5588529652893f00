#!/usr/bin/env bash
# What does Varnish respond two seconds after it has stored a status with "Cache-Control: max-age=1, must-revalidate"?
#
# Versions:  Varnish 7.1.1 of Debian 12 (varnish), node for the backend; a configuration with nothing but the backend.
# Guess:     The current status, which it gets from the backend: must-revalidate forbids to use a response that is stale.
# Behaviour: The stored one, "queued", with Age 2, for ten seconds after its end; the first request after it has become stale gets it, too, and
#            starts the fetch for the next. "max-age=1" alone is the same. A status without Cache-Control is stored for two minutes.
#            no-cache, no-store, private and max-age=0 are not stored, or not reused.
# Why the guess is wrong: Varnish is a part of the server, not a cache of RFC 9111: max-age sets its TTL, default_grace (10 s) is added to every
#            object, and must-revalidate is not read. A poller that waits for "done" sees it later than any max-age says.
# Source:    Varnish documentation, "Grace mode and keep", default_grace and default_ttl; RFC 9111, 5.2.2.2.
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v varnishd >/dev/null || { echo "needs varnish" >&2; exit 2; }
case "$(varnishd -V 2>&1)" in *varnish-7.1.1*) ;; *) echo "needs Varnish 7.1.1" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
# Its worker may run as another user.
chmod 711 "$work"
cat >probe.mjs <<'JS'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

let status = 'queued';
const VALUES = ['max-age=1, must-revalidate', 'max-age=1', '', 'max-age=0, must-revalidate', 'no-cache', 'no-store', 'private'];
const backend = http.createServer((request, response) => {
  const value = VALUES[Number(request.url.slice(1))];
  response.writeHead(200, value ? { 'cache-control': value } : {}).end(status);
}).listen(0, '127.0.0.1');
await once(backend, 'listening');
const folder = process.cwd();
writeFileSync('probe.vcl', `vcl 4.1; backend server { .host = "127.0.0.1"; .port = "${backend.address().port}"; }\n`);
const varnish = spawn('varnishd', ['-F', '-n', `${folder}/varnish`, '-a', `${folder}/socket`, '-f', `${folder}/probe.vcl`, '-s', 'malloc,10m'], { stdio: 'ignore' });
const get = (path) => new Promise((resolve, reject) => {
  http.get({ socketPath: 'socket', path, agent: false }, async (response) => resolve((await response.toArray()).join(''))).on('error', reject);
});
for (let n = 0; n < 300 && (await get('/99').catch(() => '')) !== 'queued'; n++) await sleep(100);
const first = [];
for (const index of VALUES.keys()) first.push(await get(`/${index}`));
status = 'done';
await sleep(2000);
const second = [];
for (const index of VALUES.keys()) second.push(await get(`/${index}`));
await sleep(1000);
for (const [index, value] of VALUES.entries()) {
  console.log(`${value || 'no Cache-Control'}: ${first[index]}; 2 s later ${second[index]}; again ${await get(`/${index}`)}`);
}
varnish.kill('SIGTERM');
await once(varnish, 'exit');
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
max-age=1, must-revalidate: queued; 2 s later queued; again done
max-age=1: queued; 2 s later queued; again done
no Cache-Control: queued; 2 s later queued; again queued
max-age=0, must-revalidate: queued; 2 s later done; again done
no-cache: queued; 2 s later done; again done
no-store: queued; 2 s later done; again done
private: queued; 2 s later done; again done
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: Varnish serves a stale response with must-revalidate for ten seconds, and one without Cache-Control for two minutes"
