#!/usr/bin/env bash
# What do web frameworks of Python read from a POST whose body is sent in chunks, as fetch of Node does with a stream?
#
# Versions:  gunicorn 20.1.0, uWSGI 2.0.21, waitress 2.1.2, Django 3.2.25, Flask 2.2.2 and Bottle 0.12.23 of Debian 12; curl as the client, an
#            application that answers with the body that it read.
# Guess:     The body, everywhere: HTTP/1.1 servers have to understand chunks. What does not, answers 411.
# Behaviour: Django reads an empty body behind gunicorn and uWSGI, and Flask behind uWSGI; the response is 200 as for every other callback, so
#            that the sender never repeats it. Bottle answers 400 behind both. Flask behind gunicorn, and all three behind waitress, read the
#            body. With Content-Length all of them do.
# Why the guess is wrong: WSGI gives an application no end of its input but CONTENT_LENGTH. Without it Django and Flask read nothing; gunicorn
#            says with wsgi.input_terminated that reading is safe, which Flask heeds and Django 3.2 does not. uWSGI has chunks behind an API of
#            its own. Bottle decodes what gunicorn has decoded. waitress stores the body first and sets the length. A sender that changes from a
#            text to a stream, or a proxy that ceases to buffer, changes what arrives.
# Source:    gunicorn issue 2947 ("Django for example will return an empty body"); Django pull request 21638 (ticket 35838, "the request body is
#            silently discarded"); uWSGI documentation, "The Chunked input API"; bottle issue 700.
# Output seen: the text in `expected` at the end.
set -euo pipefail
for package in gunicorn=20.1.0 uwsgi-plugin-python3=2.0.21 python3-waitress=2.1.2 python3-django=3:3.2.25 python3-flask=2.2.2 python3-bottle=0.12.23; do
  case "$(dpkg-query -W -f '${Version}' "${package%%=*}" 2>/dev/null || true)" in
    "${package#*=}"-*) ;;
    *) echo "needs ${package%%=*} ${package#*=} of Debian" >&2; exit 2 ;;
  esac
done
work="$(mktemp -d)"
servers=()
trap 'for pid in "${servers[@]}"; do kill -KILL -- "-$pid" 2>/dev/null || true; done; rm -rf "$work"' EXIT
cd "$work"
cat >apps.py <<'PY'
import bottle
import django
import flask
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path

settings.configure(ROOT_URLCONF='apps', SECRET_KEY='probe', ALLOWED_HOSTS=['*'])
urlpatterns = [path('', lambda request: HttpResponse(request.body))]
Django = get_wsgi_application()

Flask = flask.Flask('probe')
Flask.route('/', methods=['POST'])(lambda: flask.request.get_data())

Bottle = bottle.Bottle()
Bottle.post('/')(lambda: bottle.request.body.read())
PY
export PYTHONDONTWRITEBYTECODE=1
free_port() { /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
start() {
  port="$(free_port)"
  case "$1" in
    gunicorn) setsid gunicorn -b "127.0.0.1:$port" "apps:$2" >server.log 2>&1 & ;;
    uWSGI) setsid uwsgi_python3 --http-socket "127.0.0.1:$port" --die-on-term --pythonpath . --module "apps:$2" >server.log 2>&1 & ;;
    waitress) setsid /usr/bin/python3 -c "import apps, waitress; waitress.serve(apps.$2, host='127.0.0.1', port=$port)" >server.log 2>&1 & ;;
  esac
  servers+=("$!")
}
post() {
  status="$(curl -s -o body -w '%{http_code}' --retry 60 --retry-connrefused --retry-delay 1 -d '{"id":4711}' "$@" "http://127.0.0.1:$port/")"
  if [ "$status" = 200 ]; then echo "200, read $(if [ -s body ]; then cat body; else echo nothing; fi)"; else echo "$status"; fi
}
seen="$(
for server in gunicorn uWSGI waitress; do
  for framework in Django Flask Bottle; do
    start "$server" "$framework"
    echo "$server and $framework: with a length $(post); in chunks $(post -H 'Transfer-Encoding: chunked')"
    kill -KILL -- "-$!" 2>/dev/null || true
  done
done
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
gunicorn and Django: with a length 200, read {"id":4711}; in chunks 200, read nothing
gunicorn and Flask: with a length 200, read {"id":4711}; in chunks 200, read {"id":4711}
gunicorn and Bottle: with a length 200, read {"id":4711}; in chunks 400
uWSGI and Django: with a length 200, read {"id":4711}; in chunks 200, read nothing
uWSGI and Flask: with a length 200, read {"id":4711}; in chunks 200, read nothing
uWSGI and Bottle: with a length 200, read {"id":4711}; in chunks 400
waitress and Django: with a length 200, read {"id":4711}; in chunks 200, read {"id":4711}
waitress and Flask: with a length 200, read {"id":4711}; in chunks 200, read {"id":4711}
waitress and Bottle: with a length 200, read {"id":4711}; in chunks 200, read {"id":4711}
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: Django behind gunicorn, and Django and Flask behind uWSGI, answer 200 to a callback in chunks of which they have read nothing"
