#!/usr/bin/env bash
# Does "openssl cms -verify -out" write the file that "openssl cms -sign" has signed?
#
# Versions:  OpenSSL 3.0 of Debian 12 (openssl).
# Guess:     Yes, byte for byte: verification succeeds, and a signature over other bytes would be worth nothing.
# Behaviour: No: each end of a line in an NDJSON export is CR LF afterwards, so that its SHA-256 and its length are others, and a chain of hashes over its lines does not match. Verification
#            succeeds. A file in which somebody has changed LF to CR LF passes a detached signature. With -binary for both commands the bytes are the same.
# Why the guess is wrong: the command is made for mail, and converts its input to the canonical form of a text (CR LF) before it signs, unless -binary is given.
# Source:    openssl-cms(1), -binary ("normally the input message is converted to \"canonical\" format which is effectively using CR and LF as end of line").
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v openssl >/dev/null || { echo "needs openssl" >&2; exit 2; }
case "$(openssl version)" in 'OpenSSL 3.0.'*) ;; *) echo "needs OpenSSL 3.0" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out certificate.pem -days 2 -subj /CN=probe 2>/dev/null
printf '{"executionId":"17"}\n{"executionId":"18"}\n' >export.ndjson
sed 's/$/\r/' export.ndjson >crlf.ndjson
trial() {
  openssl cms -sign -nodetach -in export.ndjson -signer certificate.pem -inkey key.pem -outform DER -out export.cms "${@:2}"
  code=0
  openssl cms -verify -inform DER -in export.cms -CAfile certificate.pem -purpose any -out verified.ndjson "${@:2}" 2>err || code=$?
  echo "$1: exit code $code, $(wc -c <export.ndjson) bytes signed, $(wc -c <verified.ndjson) returned, $(cmp -s export.ndjson verified.ndjson && echo 'the same' || echo 'not the same')"
  openssl cms -sign -in export.ndjson -signer certificate.pem -inkey key.pem -outform DER -out export.p7s "${@:2}"
  for file in export crlf; do
    code=0
    openssl cms -verify -inform DER -in export.p7s -content "$file.ndjson" -CAfile certificate.pem -purpose any -out verified.ndjson "${@:2}" 2>err || code=$?
    echo "  detached, $file.ndjson: exit code $code"
  done
}
seen="$(
trial 'openssl cms'
trial 'openssl cms -binary' -binary
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
openssl cms: exit code 0, 42 bytes signed, 44 returned, not the same
  detached, export.ndjson: exit code 0
  detached, crlf.ndjson: exit code 0
openssl cms -binary: exit code 0, 42 bytes signed, 42 returned, the same
  detached, export.ndjson: exit code 0
  detached, crlf.ndjson: exit code 4
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: openssl cms without -binary returns CR LF for each LF of the file that was signed, and reports a successful verification"
