#!/usr/bin/env bash
# Which id does cjson.encode write in a script of Redis, and in lua-cjson, for 123456789012345, which is far below 2^53?
#
# Versions:  Redis 7.0.15 (redis-server) and lua-cjson 2.1.0 with Lua 5.1 (lua-cjson, lua5.1) of Debian 12.
# Guess:     The id: a double holds it exactly, and JavaScript and Python write it back.
# Behaviour: 1.2345678901234e+14: the last digit is lost, and the text is one that parsers for integers reject. A time in microseconds, 1700000000123456, loses two digits. A JSON document that is decoded, has one member set and is
#            encoded is stored with another id. Ids as texts are kept. An empty list becomes an object.
# Why the guess is wrong: numbers are written with 14 significant digits by default; that they are integers is not looked at. Pass such ids as texts.
# Source:    Redis, deps/lua/src/lua_cjson.c (DEFAULT_ENCODE_NUMBER_PRECISION 14).
# Output seen: the text in `expected` at the end.
set -euo pipefail
for command in redis-server redis-cli lua5.1; do command -v "$command" >/dev/null || { echo "needs $command (redis-server, lua5.1)" >&2; exit 2; }; done
case "$(redis-cli --version)" in *' 7.0.15') ;; *) echo "needs Redis 7.0.15" >&2; exit 2 ;; esac
[ "$(lua5.1 -e 'print(require("cjson")._VERSION)' 2>&1)" = 2.1.0 ] || { echo "needs lua-cjson 2.1.0" >&2; exit 2; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
redis-server --port 0 --unixsocket "$work/socket" --dir "$work" --save '' >/dev/null &
server=$!
trap 'kill "$server" && wait "$server" || true; rm -rf "$work"' EXIT
cli() { redis-cli -s "$work/socket" "$@"; }
for _ in $(seq 100); do
  if [ "$(cli PING 2>/dev/null || true)" = PONG ]; then break; fi
  sleep 0.05
done
seen="$(
for document in '{"id":12345678901234}' '{"id":123456789012345}' '{"at":1700000000123456}' '{"id":"123456789012345"}' '{"items":[]}'; do
  echo "$document"
  echo "  Redis: $(cli EVAL 'return cjson.encode(cjson.decode(ARGV[1]))' 0 "$document")"
  echo "  lua-cjson: $(lua5.1 - "$document" <<<'local cjson = require("cjson"); print(cjson.encode(cjson.decode(arg[1])))')"
done
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
{"id":12345678901234}
  Redis: {"id":12345678901234}
  lua-cjson: {"id":12345678901234}
{"id":123456789012345}
  Redis: {"id":1.2345678901234e+14}
  lua-cjson: {"id":1.2345678901234e+14}
{"at":1700000000123456}
  Redis: {"at":1.7000000001235e+15}
  lua-cjson: {"at":1.7000000001235e+15}
{"id":"123456789012345"}
  Redis: {"id":"123456789012345"}
  lua-cjson: {"id":"123456789012345"}
{"items":[]}
  Redis: {"items":{}}
  lua-cjson: {"items":{}}
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: cjson of Redis and lua-cjson write numbers with 14 digits, so that an id of 15 digits becomes another one"
