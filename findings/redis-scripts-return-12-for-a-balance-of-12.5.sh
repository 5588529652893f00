#!/usr/bin/env bash
# What does a Lua script of Redis return for a balance of 12.5, a list with a gap, and a document that it only passes on?
#
# Versions:  Redis 7.0.15 of Debian 12 (redis-server, redis-tools), with RESP2 and RESP3.
# Guess:     12.5, the list with a null, and the same document: values pass through as they are.
# Behaviour: 12, since a number becomes an integer by cutting; -0.99 is 0, and no error is raised. A list that the script builds ends at its first nil. A document that went through cjson
#            has {} where there was [], and another id where it had 17 digits. A balance must be returned as the text that it is, or as {double = …}; tostring keeps 14 digits.
# Why the guess is wrong: Lua 5.1 has one type of number, which is always converted into an integer reply, and an empty table is a list and an object.
# Source:    Redis documentation, "Redis Lua API reference", Data type conversion ("we always convert Lua numbers into integer replies, removing the decimal part of the number, if any. If you want to return a
#            Lua float, it should be returned as a string"; "the conversion stops when it encounters a Lua nil value"; double in RESP3). What cjson and tostring do was observed.
# Output seen: the text in `expected` at the end.
set -euo pipefail
for command in redis-server redis-cli; do command -v "$command" >/dev/null || { echo "needs $command" >&2; exit 2; }; done
case "$(redis-server --version)" in *v=7.0.15*) ;; *) echo "needs Redis 7.0.15, found: $(redis-server --version)" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
redis-server --port 0 --unixsocket "$work/redis.sock" --dir "$work" --save '' --logfile "$work/log" &
trap 'kill %1; wait; rm -rf "$work"' EXIT
for _ in $(seq 200); do
  if [ "$(redis-cli -s redis.sock ping 2>/dev/null)" = PONG ]; then break; fi
  sleep 0.05
done
redis-cli -s redis.sock hset account balance 12.5 limit 20 >/dev/null
run() { echo "$1 = RESP2 $(redis-cli -s redis.sock -2 eval "$1" 1 account | paste -s -d,), RESP3 $(redis-cli -s redis.sock -3 eval "$1" 1 account | paste -s -d,)"; }
seen="$(
run "return redis.call('HGET', KEYS[1], 'balance')"
run "return redis.call('HGET', KEYS[1], 'balance') - 0"
run 'return -0.99'
run 'return 3000000000.7'
run "return {redis.call('HGET', KEYS[1], 'balance'), redis.call('HGET', KEYS[1], 'none'), redis.call('HGET', KEYS[1], 'limit')}"
run "local t = {balance = '12.5'}; return {t.balance, t.none, '20'}"
run "return cjson.encode(cjson.decode('{\"items\":[],\"id\":12345678901234567}'))"
run 'return tostring(123456789012.345)'
run "return {double = 12.5}"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
return redis.call('HGET', KEYS[1], 'balance') = RESP2 12.5, RESP3 12.5
return redis.call('HGET', KEYS[1], 'balance') - 0 = RESP2 12, RESP3 12
return -0.99 = RESP2 0, RESP3 0
return 3000000000.7 = RESP2 3000000000, RESP3 3000000000
return {redis.call('HGET', KEYS[1], 'balance'), redis.call('HGET', KEYS[1], 'none'), redis.call('HGET', KEYS[1], 'limit')} = RESP2 12.5,,20, RESP3 12.5,,20
local t = {balance = '12.5'}; return {t.balance, t.none, '20'} = RESP2 12.5, RESP3 12.5
return cjson.encode(cjson.decode('{"items":[],"id":12345678901234567}')) = RESP2 {"items":{},"id":1.2345678901235e+16}, RESP3 {"items":{},"id":1.2345678901235e+16}
return tostring(123456789012.345) = RESP2 123456789012.35, RESP3 123456789012.35
return {double = 12.5} = RESP2 12.5, RESP3 12.5
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a script of Redis returns 12 for 12.5, cuts a list at its first nil, and writes an empty list as an object"
