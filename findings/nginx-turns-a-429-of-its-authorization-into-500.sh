#!/usr/bin/env bash
# Which status does a client of nginx get, if the service of auth_request answers 429 with Retry-After, 400, 404 or a redirect to a login?
#
# Versions:  nginx 1.22.1 of Debian 12 (nginx-core), node as the service, curl.
# Guess:     That one, as with 401 and 403, which are passed on: the service decides, and nginx is between.
# Behaviour: 500 for all of them, without Retry-After and Location. A sender that is asked to slow down sees a broken server: it tries again at once, counts failures or switches the webhook off, and the log of nginx
#            has an error. Of a 503 the client sees a 500 as well. The body of 401 and 403 is that of nginx, not that of the service.
# Why the guess is wrong: 2xx is yes, 401 and 403 are no, and every other answer is an error of the authorization. Rate limits belong before it, or
#            into the answer of the service itself behind proxy_pass.
# Source:    nginx documentation, ngx_http_auth_request_module ("Any other response code returned by the subrequest is considered an error").
# Output seen: the text in `expected` at the end.
set -euo pipefail
for command in nginx node curl; do command -v "$command" >/dev/null || { echo "needs $command (nginx-core, nodejs, curl)" >&2; exit 2; }; done
case "$(nginx -v 2>&1)" in *nginx/1.22.1*) ;; *) echo "needs nginx 1.22.1" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >service.mjs <<'JS'
import { createServer } from 'node:http';

const headers = { 'retry-after': '30', location: '/login', 'www-authenticate': 'Bearer' };
createServer((request, response) => {
  response.writeHead(Number(request.headers['x-status'] ?? 200), headers).end('the service');
}).listen('service');
JS
node service.mjs &
service=$!
mkdir temp
cat >nginx.conf <<CONF
$([ "$(id -u)" -eq 0 ] && echo 'user root;' || true)
daemon off; pid $work/pid; error_log $work/error; events {}
http {
  access_log off;
  client_body_temp_path temp/1; proxy_temp_path temp/2; fastcgi_temp_path temp/3; uwsgi_temp_path temp/4; scgi_temp_path temp/5;
  server {
    listen unix:$work/socket;
    location /direct { proxy_pass http://unix:$work/service:; }
    location /callback { auth_request /authorize; try_files /callback @taken; }
    location @taken { return 204; }
    location = /authorize { internal; proxy_pass http://unix:$work/service:; proxy_pass_request_body off; proxy_set_header Content-Length ''; }
  }
}
CONF
nginx -e "$work/error" -p "$work" -c "$work/nginx.conf" &
nginx=$!
trap 'kill "$nginx" "$service"; wait || true; rm -rf "$work"' EXIT
for _ in $(seq 200); do
  if [ "$(curl -s -o /dev/null -w '%{http_code}' --unix-socket socket http://probe/direct || true)" = 200 ]; then break; fi
  sleep 0.05
done
get() { curl -s -o body -D headers -H "X-Status: $1" --unix-socket socket -w '%{http_code}' "http://probe/$2"; }
seen="$(
for status in 200 401 403 429 400 404 302 503; do
  code="$(get "$status" callback)"
  names="$(grep -oiE '^(retry-after|location|www-authenticate)' headers | tr '[:upper:]' '[:lower:]' | paste -s -d, | sed 's/,/, /g')"
  echo "the service answers $status: the client gets $code, ${names:-none} of the headers"
done
echo "429 by proxy_pass: the client gets $(get 429 direct), $(grep -oi '^retry-after: 30' headers | tr '[:upper:]' '[:lower:]')"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
the service answers 200: the client gets 204, none of the headers
the service answers 401: the client gets 401, www-authenticate of the headers
the service answers 403: the client gets 403, none of the headers
the service answers 429: the client gets 500, none of the headers
the service answers 400: the client gets 500, none of the headers
the service answers 404: the client gets 500, none of the headers
the service answers 302: the client gets 500, none of the headers
the service answers 503: the client gets 500, none of the headers
429 by proxy_pass: the client gets 429, retry-after: 30
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: nginx answers 500 without Retry-After if the service of auth_request answers 429, or anything but 2xx, 401 and 403"
