#!/usr/bin/env bash
# When does a client get its second response on a kept connection to nginx, if each request is mirrored to a server that takes 1.5 s?
#
# Versions:  nginx 1.22.1 of Debian 12 (nginx-core), node as both servers, curl.
# Guess:     At once, as the first one: responses of the mirror are ignored, and copies of real callbacks can be sent to a new version without harm.
# Behaviour: The first response comes at once, the second one after 1.5 s, although its own server takes no time. Without the mirror, or on a connection of its own, it comes at once. A sender of callbacks with
#            a few kept connections is slowed down to the pace of the mirror.
# Why the guess is wrong: the mirror is a subrequest, and a request of nginx ends, and frees its connection, when all of its subrequests have ended. Only the
#            response is sent before.
# Source:    apache/apisix issue 6536 ("the main req could be ended only after subrequests"); nginx/nginx-gateway-fabric issue 533.
# Output seen: the text in `expected` at the end.
set -euo pipefail
for command in nginx node curl; do command -v "$command" >/dev/null || { echo "needs $command (nginx-core, nodejs, curl)" >&2; exit 2; }; done
case "$(nginx -v 2>&1)" in *nginx/1.22.1*) ;; *) echo "needs nginx 1.22.1" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >servers.mjs <<'JS'
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

createServer((request, response) => response.end('done')).listen('backend');
createServer(async (request, response) => {
  await sleep(1500);
  response.end();
}).listen('slow');
JS
node servers.mjs &
servers=$!
mkdir temp
cat >nginx.conf <<CONF
$([ "$(id -u)" -eq 0 ] && echo 'user root;' || true)
daemon off; pid $work/pid; error_log $work/error; events {}
http {
  access_log off;
  client_body_temp_path temp/1; proxy_temp_path temp/2; fastcgi_temp_path temp/3; uwsgi_temp_path temp/4; scgi_temp_path temp/5;
  server {
    listen unix:$work/socket;
    location / { proxy_pass http://unix:$work/backend:; }
    location /mirrored { mirror /copy; proxy_pass http://unix:$work/backend:; }
    location = /copy { internal; proxy_pass http://unix:$work/slow:; }
  }
}
CONF
nginx -e "$work/error" -p "$work" -c "$work/nginx.conf" &
nginx=$!
trap 'kill "$nginx" "$servers"; wait || true; rm -rf "$work"' EXIT
for _ in $(seq 200); do
  if curl -s -o /dev/null --unix-socket socket http://probe/ && [ -S slow ]; then break; fi
  sleep 0.05
done
pace() { awk '{ print ($1 < 1 ? "at once" : $1 < 3 ? "after 1.5 s" : "later") ", " ($2 == 0 ? "same connection" : "new connection") }'; }
get() { curl -s -o /dev/null -o /dev/null --unix-socket socket -w '%{time_total} %{num_connects}\n' "$@"; }
seen="$(
echo 'not mirrored'
get http://probe/ http://probe/ | pace
echo 'mirrored'
get http://probe/mirrored http://probe/mirrored | pace
echo 'mirrored POST'
get -d charge http://probe/mirrored http://probe/mirrored | pace
echo 'mirrored, two connections'
get http://probe/mirrored | pace
get http://probe/mirrored | pace
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
not mirrored
at once, new connection
at once, same connection
mirrored
at once, new connection
after 1.5 s, same connection
mirrored POST
at once, new connection
after 1.5 s, same connection
mirrored, two connections
at once, new connection
at once, new connection
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: nginx holds the next request of a connection until the mirror has answered the one before"
