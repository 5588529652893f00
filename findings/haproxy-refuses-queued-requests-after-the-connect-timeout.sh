#!/usr/bin/env bash
# How long does HAProxy keep a request that waits for a server at its maxconn, with "timeout connect 1s" and "timeout server 30s"?
#
# Versions:  HAProxy 2.6.12 of Debian 12 (haproxy), node as the server.
# Guess:     Until the server is free: 30 s at most. The connect timeout is about connecting, which has not begun.
# Behaviour: One second, then 503, while the server answers the request before it in 2.5 s. A short connect timeout, as each guide has it, turns a queue into an error. With "timeout queue 10s" the request is served.
#            The server never sees the one that got 503.
# Why the guess is wrong: without "timeout queue" the time in the queue is limited by the connect timeout, for compatibility with versions that had only that one.
# Source:    HAProxy configuration manual, timeout queue ("the same value as the backend's connection timeout").
# Output seen: the text in `expected` at the end.
set -euo pipefail
for command in haproxy node curl; do command -v "$command" >/dev/null || { echo "needs $command" >&2; exit 2; }; done
case "$(haproxy -v)" in *' 2.6.12-'*) ;; *) echo "needs HAProxy 2.6.12" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >server.mjs <<'JS'
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const server = createServer(async (request, response) => {
  console.log(request.url);
  if (request.url !== '/up') await sleep(2500);
  response.end();
}).listen(0, '127.0.0.1', () => console.log(server.address().port));
JS
mkfifo out
node server.mjs >out &
server=$!
exec 3<out
read -r port <&3
trial() {
  cat >haproxy.cfg <<CFG
defaults
  mode http
  timeout connect 1s
  timeout client 30s
  timeout server 30s
  $1
listen probe
  bind unix@$work/socket
  server one 127.0.0.1:$port maxconn 1
CFG
  haproxy -f haproxy.cfg 2>/dev/null &
  proxy=$!
  until curl -s -o /dev/null --unix-socket socket http://probe/up; do sleep 0.05; done
  curl -s -o /dev/null --unix-socket socket http://probe/first &
  first=$!
  # The server has the first request.
  while read -r url <&3 && [ "$url" != /first ]; do :; done
  echo "${1:-no timeout queue}: the second request gets $(curl -s -o /dev/null -w '%{http_code}' --unix-socket socket http://probe/second)"
  wait "$first"
  curl -s -o /dev/null --unix-socket socket http://probe/up
  others=0
  while read -r url <&3 && [ "$url" != /up ]; do others=$((others + 1)); done
  echo "  requests that the server got besides the first: $others"
  kill "$proxy" && wait "$proxy" || true
}
trap 'kill "$server" ${proxy:+"$proxy"} 2>/dev/null || true; wait || true; rm -rf "$work"' EXIT
seen="$(
trial ''
trial 'timeout queue 10s'
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
no timeout queue: the second request gets 503
  requests that the server got besides the first: 0
timeout queue 10s: the second request gets 200
  requests that the server got besides the first: 1
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: HAProxy answers 503 to a request that waits longer in its queue than the connect timeout, unless a timeout queue is set"
