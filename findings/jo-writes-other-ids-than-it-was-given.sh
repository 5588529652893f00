#!/usr/bin/env bash
# Which JSON does jo write for a key that a shell script passes on: jo key="$key" | curl …?
#
# Versions:  jo 1.9 of Debian 12 (jo).
# Guess:     A string, or a number with the digits of the key: jo guesses types, and true and null are known to be special.
# Behaviour: Everything that strtod reads becomes a double: 0012 is 12, 1e5 is 100000, 0x1F is 31, and 9007199254740993 is 9007199254740992, another order. A value that begins with @ or % is the contents of a file with
#            that name. -s keeps the digits, and must stand before the word (jo -- -s key=…); it does not keep @ and %.
# Why the guess is wrong: the shell knows no types, so that jo decides by each value: keys of one column are sometimes numbers and sometimes strings. Numbers are kept as doubles.
# Source:    jo(1), "type coercion", "read from file"; jo.c, vnode and json_mknumber.
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v jo >/dev/null || { echo "needs jo" >&2; exit 2; }
case "$(jo -v)" in *1.9*) ;; *) echo "needs jo 1.9" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
echo 'contents of a file' >ada
seen="$(for pair in 'key=order-1' 'key=4711' 'key=0012' 'key=9007199254740993' 'key=1e5' 'key=12.50' 'key=0x1F' 'key=+4930123' 'key=true' 'key=null' 'key=' 'key=@ada' 'key=%ada' 'key=[1]' 'key={}' 'items[key]=1'; do
  echo "$pair: $(jo "$pair" 2>&1 || true); with -s $(jo -- -s "$pair" 2>&1 || true)"
done)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
key=order-1: {"key":"order-1"}; with -s {"key":"order-1"}
key=4711: {"key":4711}; with -s {"key":"4711"}
key=0012: {"key":12}; with -s {"key":"0012"}
key=9007199254740993: {"key":9007199254740992}; with -s {"key":"9007199254740993"}
key=1e5: {"key":100000}; with -s {"key":"1e5"}
key=12.50: {"key":12.5}; with -s {"key":"12.50"}
key=0x1F: {"key":31}; with -s {"key":"0x1F"}
key=+4930123: {"key":4930123}; with -s {"key":"+4930123"}
key=true: {"key":true}; with -s {"key":"true"}
key=null: {"key":null}; with -s {"key":""}
key=: {"key":null}; with -s {"key":""}
key=@ada: {"key":"contents of a file"}; with -s {"key":"contents of a file"}
key=%ada: {"key":"Y29udGVudHMgb2YgYSBmaWxlCg=="}; with -s {"key":"Y29udGVudHMgb2YgYSBmaWxlCg=="}
key=[1]: {"key":[1]}; with -s {"key":"[1]"}
key={}: {"key":{}}; with -s {"key":"{}"}
items[key]=1: {"items":{"key":1}}; with -s {"items":{"key":"1"}}
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: jo writes the key 9007199254740993 as 9007199254740992, 0012 as 12, and a key @name as the contents of a file"
