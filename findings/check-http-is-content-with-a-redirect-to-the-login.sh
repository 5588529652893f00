#!/usr/bin/env bash
# Which responses does check_http report as critical?
#
# Versions:  monitoring-plugins 2.3.3 of Debian 12 (monitoring-plugins-basic), which Icinga, Nagios and others run; node as the server.
# Guess:     All but 2xx: a service that answers 404, 401 or with the page of a login is not there.
# Behaviour: 5xx only. A redirect is OK (exit code 0), wherever it goes; 401, 404 and 429 are a WARNING (1), of which many rules tell nobody. With
#            "-f follow" a login page is OK, too. "-e 200" makes everything else critical.
# Why the guess is wrong: the plugin is about the HTTP server, and onredirect is "ok" by default: a server that redirects works.
# Source:    check_http --help, -f, -e.
# Output seen: the text in `expected` at the end.
set -euo pipefail
plugin=/usr/lib/nagios/plugins/check_http
for command in "$plugin" node; do command -v "$command" >/dev/null || { echo "needs $command" >&2; exit 2; }; done
case "$("$plugin" --version)" in *2.3.3*) ;; *) echo "needs monitoring-plugins 2.3.3" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >probe.mjs <<'JS'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';

const server = http.createServer((request, response) => {
  const status = Number(request.url.slice(1));
  if (status === 302) response.writeHead(302, { Location: `http://127.0.0.1:${server.address().port}/200` }).end();
  else response.writeHead(status).end('<form>Please sign in</form>');
}).listen(0, '127.0.0.1');
await once(server, 'listening');
for (const options of [[], ['-f', 'follow'], ['-e', '200']]) {
  for (const status of [200, 302, 401, 404, 429, 503]) {
    const check = spawn(process.argv[2], ['-I', '127.0.0.1', '-p', String(server.address().port), '-u', `/${status}`, ...options]);
    let text = '';
    check.stdout.on('data', (chunk) => { text += chunk; });
    const [code] = await once(check, 'close');
    console.log(`check_http ${[...options, ''].join(' ')}${status}: ${text.match(/OK|WARNING|CRITICAL/)[0]}, exit code ${code}`);
  }
}
process.exit(0);
JS
seen="$(node probe.mjs "$plugin")"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
check_http 200: OK, exit code 0
check_http 302: OK, exit code 0
check_http 401: WARNING, exit code 1
check_http 404: WARNING, exit code 1
check_http 429: WARNING, exit code 1
check_http 503: CRITICAL, exit code 2
check_http -f follow 200: OK, exit code 0
check_http -f follow 302: OK, exit code 0
check_http -f follow 401: WARNING, exit code 1
check_http -f follow 404: WARNING, exit code 1
check_http -f follow 429: WARNING, exit code 1
check_http -f follow 503: CRITICAL, exit code 2
check_http -e 200 200: OK, exit code 0
check_http -e 200 302: CRITICAL, exit code 2
check_http -e 200 401: CRITICAL, exit code 2
check_http -e 200 404: CRITICAL, exit code 2
check_http -e 200 429: CRITICAL, exit code 2
check_http -e 200 503: CRITICAL, exit code 2
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: check_http reports a redirect as OK and 401, 404 and 429 as a warning; only 5xx is critical, unless -e is given"
