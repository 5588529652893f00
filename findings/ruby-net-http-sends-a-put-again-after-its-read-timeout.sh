#!/usr/bin/env bash
# How long does Net::HTTP of Ruby wait with read_timeout = 1, and how many requests does the server receive?
#
# Versions:  Ruby 3.1 of Debian 12 (ruby), node for the server, which answers after five seconds.
# Guess:     One second, one request, then Net::ReadTimeout.
# Behaviour: Two seconds and two requests for GET, PUT, and DELETE: the second is sent on a new connection while the server is at the first. A payment by PUT with a key in its path is carried out by two
#            requests at once, and a limit on waiting is twice what was set. POST and PATCH are sent once. max_retries = 0 ends it.
# Why the guess is wrong: max_retries is 1, and the read timeout is among the errors after which an idempotent request is repeated.
# Source:    Ruby 3.1 as Debian installs it, net/http.rb: transport_request (rescue Net::ReadTimeout, IOError, …: retry if count < max_retries and the method is in IDEMPOTENT_METHODS_: GET HEAD PUT DELETE
#            OPTIONS TRACE; Net::OpenTimeout is raised at once) and initialize (@max_retries = 1).
# Output seen: the text in `expected` at the end.
set -euo pipefail
case "$(ruby --version 2>&1)" in 'ruby 3.1.'*) ;; *) echo "needs Ruby 3.1 (ruby)" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >probe.rb <<'RB'
require 'net/http'
method, port, retries = ARGV
http = Net::HTTP.new('127.0.0.1', port.to_i)
http.read_timeout = 1
http.max_retries = retries.to_i if retries
request = Net::HTTP.const_get(method.capitalize).new('/charges/a')
request.body = '{"amount":100}' unless %w[GET DELETE].include?(method)
started = Process.clock_gettime(Process::CLOCK_MONOTONIC)
begin
  http.request(request)
  puts 'no error'
rescue StandardError => e
  puts "#{e.class} after #{(Process.clock_gettime(Process::CLOCK_MONOTONIC) - started).floor} s"
end
RB
cat >probe.mjs <<'JS'
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';

let received = 0;
const server = http.createServer((request, response) => {
  received += 1;
  request.resume();
  setTimeout(() => response.end('charged'), 5000);
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const run = (method, ...more) => new Promise((resolve) => {
  received = 0;
  execFile('ruby', ['probe.rb', method, String(server.address().port), ...more], (_, output) => resolve(`${output.trim()}, requests ${received}`));
});
for (const method of ['GET', 'PUT', 'DELETE', 'POST', 'PATCH']) console.log(`${method}: ${await run(method)}`);
console.log(`PUT, max_retries = 0: ${await run('PUT', '0')}`);
process.exit(0);
JS
seen="$(node probe.mjs)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
GET: Net::ReadTimeout after 2 s, requests 2
PUT: Net::ReadTimeout after 2 s, requests 2
DELETE: Net::ReadTimeout after 2 s, requests 2
POST: Net::ReadTimeout after 1 s, requests 1
PATCH: Net::ReadTimeout after 1 s, requests 1
PUT, max_retries = 0: Net::ReadTimeout after 1 s, requests 1
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: Net::HTTP of Ruby sends a GET, PUT, or DELETE a second time after its read timeout, and so waits twice as long as it was told"
