#!/usr/bin/env bash
# How many requests does HAProxy admit of a client that asks faster than http_req_rate allows, and repeats what was refused with 429?
#
# Versions:  HAProxy 2.6.12 of Debian 12 (haproxy), node for the client. 20 requests in 2 seconds, "track-sc0" and "deny if { sc_http_req_rate(0) gt 20 }".
# Guess:     20 in each 2 seconds, as a limiter of nginx or a bucket of tokens would: the rate is limited, the client gets its share.
# Behaviour: 20 altogether, and then none, as long as the client goes on: a poller that repeats at once what got 429 is locked out for ever, also from its first result. After a silence it is admitted again. A counter that is
#            incremented only for what is admitted (gpc0_rate, sc-inc-gpc0 behind the deny) gives it its share.
# Why the guess is wrong: http_req_rate counts the requests that were received, and the refused ones are among them. It measures a rate, and does not limit one.
# Source:    HAProxy documentation, stick-table (http_req_rate), http-request track-sc0, sc-inc-gpc0.
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v haproxy >/dev/null || { echo "needs haproxy" >&2; exit 2; }
case "$(haproxy -v)" in *'version 2.6.12'*) ;; *) echo "needs HAProxy 2.6.12" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >probe.mjs <<'JS'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const VARIANTS = {
  'http_req_rate': ['http_req_rate(2s)', ['http-request deny deny_status 429 if { sc_http_req_rate(0) gt 20 }']],
  'gpc0_rate, counted when admitted': ['gpc0_rate(2s)', ['http-request deny deny_status 429 if { sc_gpc0_rate(0) ge 20 }', 'http-request sc-inc-gpc0(0)']],
};
const parts = Object.values(VARIANTS).map(([store, rules], n) => `
listen v${n}
  bind unix@${process.cwd()}/v${n}.sock
  stick-table type string len 16 size 100 expire 1m store ${store}
  http-request track-sc0 hdr(x-customer)
  ${rules.join('\n  ')}
  http-request return status 200`);
writeFileSync('haproxy.cfg', `
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
${parts.join('\n')}
`);
const haproxy = spawn('haproxy', ['-db', '-f', 'haproxy.cfg'], { stdio: 'ignore' });
for (let n = 0; n < 200 && !existsSync('v1.sock'); n++) await sleep(50);
const agent = new http.Agent({ keepAlive: true });
const ask = async (socketPath) => {
  const request = http.request({ socketPath, agent, headers: { 'x-customer': 'a' } }).end();
  const [response] = await once(request, 'response');
  response.resume();
  await once(response, 'end');
  return response.statusCode;
};
for (const [n, name] of Object.keys(VARIANTS).entries()) {
  const begin = Date.now();
  let early = 0;
  let late = 0;
  while (Date.now() - begin < 9000) {
    const status = await ask(`v${n}.sock`);
    if (status === 200 && Date.now() - begin < 2000) early += 1;
    else if (status === 200) late += 1;
  }
  await sleep(5000);
  console.log(`${name}: admitted in the first two seconds ${early < 20 ? 'fewer than 20' : 'at least 20'}, in the seven seconds behind them ${late === 0 ? 'none' : 'others'}; after five seconds of silence ${await ask(`v${n}.sock`)}`);
}
haproxy.kill('SIGTERM');
await once(haproxy, 'exit');
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
http_req_rate: admitted in the first two seconds at least 20, in the seven seconds behind them none; after five seconds of silence 200
gpc0_rate, counted when admitted: admitted in the first two seconds at least 20, in the seven seconds behind them others; after five seconds of silence 200
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: HAProxy with a limit by http_req_rate admits nothing of a client that goes on asking above the limit, as refused requests count"
