#!/usr/bin/env bash
# Which HTTP clients report that a response ended before its Content-Length, or before the last chunk?
#
# Versions:  Of Debian 12: requests 2.28.1 and urllib of Python 3.11 (python3-requests), httpx 0.23.3 (python3-httpx), Net::HTTP of Ruby 3.1 (ruby), LWP 6.68
#            (libwww-perl), PHP 8.2 (php-cli), curl 7.88.1; node for the server.
# Guess:     All of them: the message is incomplete (RFC 9112, 8), and a server that dies in the middle of an export of lines must not look like one that has finished.
# Behaviour: requests, Net::HTTP, LWP, file_get_contents of PHP, and shutil.copyfileobj of urllib's response return 200 and half of the rows without an error, if a Content-Length
#            was announced. LWP and PHP do so without a last chunk too. httpx, curl and urllib's read() report both. NDJSON and CSV are valid after any line, so that nothing
#            else notices it.
# Why the guess is wrong: a loop that reads until the connection ends is right for a response without a length, and these clients use the same loop for both. requests does not ask
#            urllib3 to enforce the length; Ruby ignores the end by default. Compare the number of bytes with Content-Length, or end exports with a line that says so.
# Source:    urllib3 1.26, HTTPResponse (enforce_content_length=False); Ruby, net/http/response.rb (read_body_0); CPython, Lib/http/client.py (read with amt);
#            RFC 9112, section 8.
# Output seen: the text in `expected` at the end.
set -euo pipefail
[ "$(/usr/bin/python3 -c 'import requests, httpx; print(requests.__version__, httpx.__version__)' 2>&1)" = '2.28.1 0.23.3' ] || { echo "needs requests 2.28.1 and httpx 0.23.3 (python3-requests, python3-httpx)" >&2; exit 2; }
case "$(ruby --version 2>&1)" in 'ruby 3.1.'*) ;; *) echo "needs Ruby 3.1 (ruby)" >&2; exit 2 ;; esac
[ "$(/usr/bin/perl -MLWP -e 'print LWP->VERSION' 2>&1)" = 6.68 ] || { echo "needs LWP 6.68 (libwww-perl)" >&2; exit 2; }
case "$(php --version 2>&1)" in 'PHP 8.2.'*) ;; *) echo "needs PHP 8.2 (php-cli)" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >requests_content.py <<'PY'
import sys, requests
response = requests.get(sys.argv[1])
print(response.status_code, len(response.content.splitlines()))
PY
cat >requests_lines.py <<'PY'
import sys, requests
response = requests.get(sys.argv[1], stream=True)
print(response.status_code, len(list(response.iter_lines())))
PY
cat >urllib_read.py <<'PY'
import sys, urllib.request
with urllib.request.urlopen(sys.argv[1]) as response:
    print(response.status, len(response.read().splitlines()))
PY
cat >urllib_copyfileobj.py <<'PY'
import shutil, sys, urllib.request
with urllib.request.urlopen(sys.argv[1]) as response, open('copy', 'wb') as file:
    shutil.copyfileobj(response, file)
    print(response.status, len(open('copy', 'rb').read().splitlines()) if file.flush() is None else 0)
PY
cat >httpx_get.py <<'PY'
import sys, httpx
response = httpx.get(sys.argv[1])
print(response.status_code, len(response.content.splitlines()))
PY
cat >net_http.rb <<'RB'
require 'net/http'
response = Net::HTTP.get_response(URI(ARGV[0]))
puts "#{response.code} #{response.body.lines.length}"
RB
cat >lwp.pl <<'PL'
use LWP::UserAgent;
my $response = LWP::UserAgent->new->get($ARGV[0]);
die $response->status_line unless $response->is_success;
print $response->code, ' ', scalar(split /\n/, $response->content), "\n";
PL
cat >file_get_contents.php <<'PHP'
<?php
error_reporting(E_ALL);
set_error_handler(function ($number, $text) { throw new Exception($text); });
$text = file_get_contents($argv[1]);
echo explode(' ', $http_response_header[0])[1], ' ', substr_count($text, "\n"), "\n";
PHP
cat >curl.sh <<'SH'
curl --silent --fail --output copy "$1" || exit $?
echo "200 $(wc -l <copy)"
SH
cat >probe.mjs <<'JS'
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';

const ROW = '{"executionId":"17"}\n';
const server = net.createServer((socket) => {
  socket.on('error', () => {}).once('data', (head) => {
    const half = ROW.repeat(50);
    if (head.toString().startsWith('GET /length')) socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${2 * half.length}\r\n\r\n${half}`);
    else if (head.toString().startsWith('GET /chunked')) socket.end(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${half.length.toString(16)}\r\n${half}\r\n`);
    else socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${2 * half.length}\r\n\r\n${half}${half}`);
  });
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const url = `http://127.0.0.1:${server.address().port}`;
const CLIENTS = {
  'requests, content': ['/usr/bin/python3', 'requests_content.py'],
  'requests, iter_lines': ['/usr/bin/python3', 'requests_lines.py'],
  'urllib, read': ['/usr/bin/python3', 'urllib_read.py'],
  'urllib, shutil.copyfileobj': ['/usr/bin/python3', 'urllib_copyfileobj.py'],
  httpx: ['/usr/bin/python3', 'httpx_get.py'],
  'Net::HTTP': ['ruby', 'net_http.rb'],
  LWP: ['/usr/bin/perl', 'lwp.pl'],
  'PHP, file_get_contents': ['php', 'file_get_contents.php'],
  curl: ['bash', 'curl.sh'],
};
const run = ([program, script], path) => new Promise((resolve) => {
  execFile(program, [script, url + path], (error, output) => {
    const [status, rows] = output.trim().split(' ');
    resolve(error ? 'error' : `${status}, ${rows} rows`);
  });
});
for (const [name, client] of Object.entries(CLIENTS)) {
  console.log(`${name}: complete ${await run(client, '/')}; half of the Content-Length ${await run(client, '/length')}; no last chunk ${await run(client, '/chunked')}`);
}
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
requests, content: complete 200, 100 rows; half of the Content-Length 200, 50 rows; no last chunk error
requests, iter_lines: complete 200, 100 rows; half of the Content-Length 200, 50 rows; no last chunk error
urllib, read: complete 200, 100 rows; half of the Content-Length error; no last chunk error
urllib, shutil.copyfileobj: complete 200, 100 rows; half of the Content-Length 200, 50 rows; no last chunk error
httpx: complete 200, 100 rows; half of the Content-Length error; no last chunk error
Net::HTTP: complete 200, 100 rows; half of the Content-Length 200, 50 rows; no last chunk error
LWP: complete 200, 100 rows; half of the Content-Length 200, 50 rows; no last chunk 200, 50 rows
PHP, file_get_contents: complete 200, 100 rows; half of the Content-Length 200, 50 rows; no last chunk 200, 50 rows
curl: complete 200, 100 rows; half of the Content-Length error; no last chunk error
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: requests, Ruby's Net::HTTP, LWP, PHP's file_get_contents, and urllib with copyfileobj, return half of a response without an error"
