#!/usr/bin/env bash
# Which response does a script read with "printf 'GET …' | socat - TCP:HOST:PORT" if the server needs a second for it?
#
# Versions:  socat 1.7.4.4 of Debian 12 (socat), Python 3 for the server.
# Guess:     The response, after a second: socat passes on both directions until both have ended, or fails.
# Behaviour: None, after half a second, with exit code 0. A request that is answered in 0.2 s works, so that the script passes until the server has something to do. The server carries the
#            request out and cannot deliver the answer. "-t 5" waits for it.
# Why the guess is wrong: when one direction has ended, the other has the time of -t to end, 0.5 s by default; the end of standard input is such an end. Then socat
#            closes both without an error. Questions to the sockets of HAProxy, of Docker or of a database go the same way.
# Source:    socat(1), -t.
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v socat >/dev/null || { echo "needs socat" >&2; exit 2; }
case "$(socat -V)" in *'version 1.7.4.4 '*) ;; *) echo "needs socat 1.7.4.4" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >server.py <<'PY'
import http.server, time

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(float(self.path[1:]))
        with open('done', 'a') as done:
            done.write('done\n')
        try:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'receipt\n')
        except BrokenPipeError:
            pass

    def log_message(self, *_):
        pass

server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
PY
mkfifo port
python3 server.py >port 2>/dev/null &
server=$!
trap 'kill "$server" && wait "$server" || true; rm -rf "$work"' EXIT
read -r port <port
trial() {
  : >done
  code=0
  response="$(printf 'GET /%s HTTP/1.0\r\n\r\n' "$1" | socat "${@:2}" - "TCP:127.0.0.1:$port" | tail -n 1)" || code=$?
  for _ in $(seq 60); do if [ -s done ]; then break; fi; sleep 0.05; done
  echo "$1 s, socat ${*:2}: response ${response:-none}, exit code $code, at the server $(cat done)"
}
seen="$(
trial 0.2
trial 1.2
trial 1.2 -t 5
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
0.2 s, socat : response receipt, exit code 0, at the server done
1.2 s, socat : response none, exit code 0, at the server done
1.2 s, socat -t 5: response receipt, exit code 0, at the server done
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: socat ends half a second after its standard input has ended, with exit code 0 and without the response"
