#!/usr/bin/env bash
# Which webhook signatures that pgcrypto computes are those that a receiver computes?
#
# Versions:  PostgreSQL 15 of Debian 12 (postgresql, with contrib): pgcrypto; the receiver is "openssl dgst -hmac".
# Guess:     hmac(payload::bytea, …) signs the bytes of the text, and encode(…, 'base64') gives the value of a header: all verify.
# Behaviour: With ::bytea a payload with two backslashes gets the signature of another one, and one with an escaped line break makes the statement fail;
#            both are ordinary JSON, and payloads without a backslash verify. encode(…, 'base64') of HMAC-SHA-512 has a
#            line break behind 76 characters, which no header may have; that of SHA-256 has none.
# Why the guess is wrong: a cast of text to bytea parses the text, and a backslash begins an escape there. convert_to(payload, 'UTF8'), or the text
#            itself, is what is meant. Base64 is that of MIME (RFC 2045), with lines.
# Source:    PostgreSQL documentation, 8.4.2 (bytea escape format), 9.5 (encode: "lines are broken at 76 characters").
# Output seen: the text in `expected` at the end.
set -euo pipefail
bin="$(find /usr/lib/postgresql/15/bin -maxdepth 0 2>/dev/null)" || { echo "needs PostgreSQL 15 of Debian" >&2; exit 2; }
command -v openssl >/dev/null || { echo "needs openssl" >&2; exit 2; }
work="$(mktemp -d)"
as=()
# A server refuses to run as root.
if [ "$(id -u)" -eq 0 ]; then
  as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
  chown postgres "$work"
fi
trap '"${as[@]}" "$bin/pg_ctl" -D "$work/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
cd "$work"
"${as[@]}" "$bin/initdb" -D "$work/data" -U probe -A trust >/dev/null
"${as[@]}" "$bin/pg_ctl" -D "$work/data" -o "-c listen_addresses= -c unix_socket_directories=$work" -l "$work/log" -w start >/dev/null
export PGHOST="$work" PGUSER=probe PGDATABASE=postgres
query() { "$bin/psql" -X -A -t -q "$@"; }
query -c 'CREATE EXTENSION pgcrypto'
sign() { query -v payload="$2" <<<"SELECT encode(hmac($1, 'key', 'sha256'), 'hex')" 2>&1 | sed -n '1s/^ERROR:  //;1p'; }
check() {
  expected="$(printf '%s' "$1" | openssl dgst -sha256 -hmac key | sed 's/.*= //')"
  for how in ":'payload'::bytea" "convert_to(:'payload', 'UTF8')" ":'payload'"; do
    signature="$(sign "$how" "$1")"
    case "$signature" in
      "$expected") result='verifies' ;;
      invalid*) result="$signature" ;;
      *) result='does not verify' ;;
    esac
    echo "$1 as $how: $result"
  done
}
seen="$(
check '{"note":"paid"}'
check '{"note":"C:\\temp"}'
check '{"note":"one\ntwo"}'
for algorithm in sha256 sha384 sha512; do
  echo "encode(…, 'base64') of $algorithm: $(query -c "SELECT encode(hmac('payload', 'key', '$algorithm'), 'base64')" | wc -l) lines"
done
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
{"note":"paid"} as :'payload'::bytea: verifies
{"note":"paid"} as convert_to(:'payload', 'UTF8'): verifies
{"note":"paid"} as :'payload': verifies
{"note":"C:\\temp"} as :'payload'::bytea: does not verify
{"note":"C:\\temp"} as convert_to(:'payload', 'UTF8'): verifies
{"note":"C:\\temp"} as :'payload': verifies
{"note":"one\ntwo"} as :'payload'::bytea: invalid input syntax for type bytea
{"note":"one\ntwo"} as convert_to(:'payload', 'UTF8'): verifies
{"note":"one\ntwo"} as :'payload': verifies
encode(…, 'base64') of sha256: 1 lines
encode(…, 'base64') of sha384: 1 lines
encode(…, 'base64') of sha512: 2 lines
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: hmac(payload::bytea, …) signs other bytes, or fails, when a payload has a backslash, and encode(…, 'base64') breaks the line of an HMAC-SHA-512"
